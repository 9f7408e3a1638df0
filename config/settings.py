"""Every knob of Gatehouse: one environment variable each, the unit in its name.

Two profiles. `embedded`: one process, SQLite and limits in memory, secrets made at first run
in `var/`; what `make run` and the tests use. `production` (the default, so that nobody gets
the other by accident): PostgreSQL, Redis, everything from the environment.

Reading never raises: faults are collected and `config/checks.py` reports them all at once.
"""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import redis
from csp.constants import NONE, SELF
from environs import Env, EnvError
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.brand import parse_accent
from config.log import logging_config
from config.mail import mail_server
from config.rate_limits import DEFAULT_RATE_LIMITS, parse_rate_limits
from config.upstream import upstream_origins, upstream_providers

ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

env = Env(prefix="GATEHOUSE_")
ENVIRONMENT_FAULTS: dict[str, str] = {}
VARIABLES: set[str] = set()  # every name read below; docs/operating.md has to have each
T = TypeVar("T")


def read(parse: Callable[..., T], name: str, default: T) -> T:
    """GATEHOUSE_`name`, or `default` when it is absent, empty or, noted as a fault, does not parse."""
    VARIABLES.add(f"GATEHOUSE_{name}")
    if not os.environ.get(f"GATEHOUSE_{name}"):
        return default
    try:
        return parse(name, default)
    except (EnvError, ValueError) as fault:
        ENVIRONMENT_FAULTS[f"GATEHOUSE_{name}"] = str(fault)
        return default


def one_of(*words: str) -> Callable[[str, str], str]:
    """Parses a setting that is one of `words`."""

    def parse(name: str, default: str) -> str:
        word: str = env.str(name, default)
        if word not in words:
            raise ValueError(f"not one of {', '.join(words)}")
        return word

    return parse


def text(name: str, default: str) -> str:
    return read(env.str, name, default)


PROFILE: str = read(one_of("production", "embedded"), "PROFILE", "production")
EMBEDDED = PROFILE == "embedded"
DEBUG: bool = read(env.bool, "DEBUG", False)
VAR = Path(read(env.str, "VAR", str(ROOT / "var")))


def kept_secret(name: str) -> str:
    """The secret in `var/<name>`, made at the first call; empty outside the embedded profile."""
    if not EMBEDDED:
        return ""
    VAR.mkdir(mode=0o700, exist_ok=True)
    path = VAR / name
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as file:
        value = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        file.write(value)
    return value


# Where we are. HOST and PORT, where `serve` listens, go without our prefix, as platforms set them.


def port_number(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65_536:
        return int(text)
    ENVIRONMENT_FAULTS["PORT"] = "not a port number from 1 to 65535"
    return 8000


def url_host(host: str) -> str:
    """`host` as a browser on this machine has to write it."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


HOST: str = os.environ.get("HOST") or ("127.0.0.1" if EMBEDDED else "0.0.0.0")
PORT: int = port_number(os.environ.get("PORT") or "8000")
BASE_URL: str = (read(env.str, "BASE_URL", f"http://{url_host(HOST)}:{PORT}" if EMBEDDED else "")).rstrip("/")
ALLOWED_HOSTS: list[str] = read(env.list, "ALLOWED_HOSTS", []) or [urlsplit(BASE_URL).hostname or "localhost"]
if EMBEDDED:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]", url_host(HOST)]
IS_HTTPS = BASE_URL.startswith("https://")
# Addresses (CIDR) whose X-Forwarded-For is believed; empty: the peer's address counts.
TRUSTED_PROXIES: list[str] = read(env.list, "TRUSTED_PROXIES", [])
CSRF_TRUSTED_ORIGINS = [BASE_URL] if IS_HTTPS else []
WEB_CONCURRENCY: int = read(env.int, "WEB_CONCURRENCY", 1 if EMBEDDED else 2)
WEB_THREADS: int = read(env.int, "WEB_THREADS", 8)
RECEIVE_SECONDS: int = read(env.int, "RECEIVE_SECONDS", 30)  # for a request to arrive as a whole
DATABASE_SECONDS: int = read(env.int, "DATABASE_SECONDS", 60)  # for the database to answer a request's statements

# Secrets

SECRET_KEY: str = read(env.str, "SECRET_KEY", "") or kept_secret("secret_key") or "missing: see GH001"
# Others that are believed: for the time in which a key is replaced.
SECRET_KEY_FALLBACKS: list[str] = read(env.list, "SECRET_KEY_FALLBACKS", [])
# Newest first: the first encrypts, all decrypt. 32 bytes each, base64url.
ENCRYPTION_KEYS: list[str] = read(env.list, "ENCRYPTION_KEYS", []) or list(
    filter(None, [kept_secret("encryption_key")])
)

# Applications

INSTALLED_APPS = [
    "config.admin.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "config.apps.ConfigConfig",
    # The toolkit's admin registers token rows: ours, after it, takes them out again.
    "usage",
    "partnership",
    "oauth2_provider",
    "oauth_provider",
    "accounts",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "auditlog",
    "csp",
    "django_ratelimit",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]

# Where spans go by OTLP over HTTP; empty: no traces.
TRACES_URL: str = read(env.str, "TRACES_URL", "")
TRACES_SHARE: float = read(env.float, "TRACES_SHARE", 0.05)  # of requests and chores, from 0 to 1

MIDDLEWARE = [
    "config.middleware.RequestIdMiddleware",
    *(["config.tracing.TracingMiddleware"] if TRACES_URL else []),
    "config.metrics.MetricsMiddleware",
    "config.health.HealthMiddleware",
    "config.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.errors.ErrorMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # files are the same in every language
    "config.pages.LocaleMiddleware",
    "config.middleware.BodyLimitMiddleware",
    "config.pages.CSPMiddleware",
    "config.pages.SessionMiddleware",
    "oauth_provider.cors.CorsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.pages.AuthenticationMiddleware",
    "config.pages.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.pages.LastSeenMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.brand.brand",
                "partnership.views.console.frame.partner_console",
            ],
        },
    }
]

# Database and cache


def database(url: str) -> dict[str, object]:
    """Django's settings for `postgresql://user:password@host:port/name?sslmode=...` or `sqlite:///path`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path.removeprefix("/") if not parts.path.startswith("//") else parts.path[1:],
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # A transaction that reads first and writes later fails at once on a busy
                # database unless it takes the write lock when it begins.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {
            # A host that is gone without a word is found out: by the kernel, which else tries for minutes.
            "connect_timeout": 5,
            "tcp_user_timeout": 10_000,
            # A plus is one here, and no blank as in a form.
            **dict(parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True)),
        },
    }


DATABASE_URL: str = read(env.str, "DATABASE_URL", f"sqlite:///{VAR / 'dev.sqlite3'}" if EMBEDDED else "")
DATABASES = {"default": database(DATABASE_URL or "postgresql:///gatehouse")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = read(env.str, "REDIS_URL", "")
# A restarted Redis is found at once, and one that hangs holds a request for a second: nobody waits longer.
REDIS_OPTIONS = {
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": REDIS_OPTIONS,
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 100_000}}
}
# The in-memory cache is refused by django-ratelimit because it isn't shared; in the embedded
# profile there is one process, and `config/checks.py` refuses more.
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # unique by a constraint on lower(email)
    *([] if REDIS_URL else ["django_ratelimit.E003", "django_ratelimit.W001"]),
]

RATE_LIMITS = read(lambda name, default: parse_rate_limits(env.str(name, "")), "RATE_LIMITS", DEFAULT_RATE_LIMITS)

# By the start of the path; the first that fits holds.
BODY_LIMITS_BYTES = (
    ("/admin/", 4 * 1024 * 1024),  # a form with a logo that is a little too large still gets the form's own words
    ("/usage/v1/events", 8 * 1024 * 1024),
    ("", 1024 * 1024),
)
DATA_UPLOAD_MAX_MEMORY_SIZE = max(limit for _, limit in BODY_LIMITS_BYTES)  # Django's own, for all paths

# Sessions, cookies, transport

SECURE_SSL_REDIRECT = False  # the proxy's task: we would not see https behind it
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS and TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
# `__Host-` binds a cookie to this host and https: a sibling domain can't set it for us.
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * (read(env.int, "SESSION_DAYS", 14))
SESSION_ENGINE = "accounts.sessions"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF],
        "form-action": [SELF, *upstream_origins(text)],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# People: django-allauth

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/account"
PASSWORD_RESET_TIMEOUT: int = read(env.int, "PASSWORD_RESET_SECONDS", 3600)

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "add_email": "accounts.forms.AddEmailForm",
    "confirm_email_verification_code": "accounts.forms.ConfirmEmailVerificationCodeForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# allauth offers the change to new people only: whether it is there says who is known. Ours
# (accounts/views/entrance.py) starts the sign-up again and is on the page for everybody.
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
# A reset asked for an unknown address mails nobody: else the form is a way to write to strangers.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT: int = read(env.int, "REAUTHENTICATION_SECONDS", 300)
# Guessing is limited by `accounts/guessing.py`, with an answer that says for how long; what
# stays here slows down mail and second factors.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": None,
    "signup": None,
    "reset_password": None,
    "reauthenticate": None,
    "change_password": None,
    "confirm_email": "1/60s/key",
}
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.ReauthenticateByCodeForm",
    "activate_totp": "accounts.forms.ActivateTOTPForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EMBEDDED and not IS_HTTPS
MFA_RECOVERY_CODE_COUNT = 10
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # a clock half a minute off
STAFF_NEED_MFA = not EMBEDDED

# Sign-in with an account elsewhere (people and staff alike): off until a client id is given.
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = upstream_providers(text)
INSTALLED_APPS += [f"allauth.socialaccount.providers.{provider}" for provider in SOCIALACCOUNT_PROVIDERS]

# Tokens (oauth.md)

TOKEN_ISSUER: str = read(env.str, "TOKEN_ISSUER", "insforge")
TOKEN_AUDIENCE: str = read(env.str, "TOKEN_AUDIENCE", "insforge-api")
CODE_SECONDS: int = read(env.int, "CODE_SECONDS", 300)
DEVICE_CODE_SECONDS: int = read(env.int, "DEVICE_CODE_SECONDS", 900)
ACCESS_TOKEN_SECONDS: int = read(env.int, "ACCESS_TOKEN_SECONDS", 3600)
REFRESH_TOKEN_SECONDS: int = read(env.int, "REFRESH_TOKEN_SECONDS", 30 * 86_400)
REFRESH_GRACE_SECONDS: int = read(env.int, "REFRESH_GRACE_SECONDS", 30)
PENDING_AUTHORIZATION_SECONDS: int = read(env.int, "PENDING_AUTHORIZATION_SECONDS", 1800)
SIGNING_KEY_DAYS: int = read(env.int, "SIGNING_KEY_DAYS", 90)
# Private-use redirect schemes without a dot that public clients may register (RFC 8252 section 7.1).
PRIVATE_REDIRECT_SCHEMES: list[str] = read(
    env.list, "PRIVATE_REDIRECT_SCHEMES", ["vscode", "vscode-insiders", "cursor"]
)

# Who may register clients without staff: nobody, anybody once staff approve, programs on the
# person's own machine at once and the rest once staff approve, anybody at once.
REGISTRATION: str = read(
    one_of("off", "staff", "loopback", "open"), "REGISTRATION", "loopback" if EMBEDDED else "staff"
)
# The same for clients that are described by a document at their client_id, an https address.
CLIENT_DOCUMENTS: str = read(one_of("off", "staff", "loopback", "open"), "CLIENT_DOCUMENTS", REGISTRATION)
CLIENT_DOCUMENTS_ALLOW_LOOPBACK = EMBEDDED  # also http, on this machine alone
# How long a client that registered itself may lie unused before the worker ends it.
REGISTRATION_UNUSED_DAYS: int = read(env.int, "REGISTRATION_UNUSED_DAYS", 90)

OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth_provider.Application"
OAUTH2_PROVIDER_GRANT_MODEL = "oauth_provider.Code"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth_provider.AccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "oauth_provider.TokenFamily"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "oauth_provider.IDToken"
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "oauth_provider.DeviceGrant"
OAUTH2_PROVIDER = {
    "PKCE_REQUIRED": True,
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
    "APPLICATION_ADMIN_CLASS": "django.contrib.admin.ModelAdmin",
    "ACCESS_TOKEN_ADMIN_CLASS": "django.contrib.admin.ModelAdmin",
    "GRANT_ADMIN_CLASS": "django.contrib.admin.ModelAdmin",
    "REFRESH_TOKEN_ADMIN_CLASS": "django.contrib.admin.ModelAdmin",
    "ID_TOKEN_ADMIN_CLASS": "django.contrib.admin.ModelAdmin",
}

# Projects and partners (partnership.md)

# The host of a project is `<appkey>.<region>.` and this.
PROJECT_BASE_DOMAIN: str = read(env.str, "PROJECT_BASE_DOMAIN", "example.app")
PROJECT_FIRST_VOLUME_GIB: int = read(env.int, "PROJECT_FIRST_VOLUME_GIB", 8)
PROJECT_MAX_VOLUME_GIB: int = read(env.int, "PROJECT_MAX_VOLUME_GIB", 16_384)
PROJECT_TOKEN_SECONDS = 600
# What GET /platform/insforge/latest-version tells clients that look for a newer one.
LATEST_SERVICE_VERSION: str = read(env.str, "LATEST_SERVICE_VERSION", "v2.2.3")
# Where the embedded provisioner keeps a folder for each project.
EMBEDDED_PROJECTS = Path(read(env.str, "EMBEDDED_PROJECTS", str(VAR / "projects")))
# How long a silent worker's operation stays its own; each step of a driver ends well before.
OPERATION_LEASE_SECONDS: int = read(env.int, "OPERATION_LEASE_SECONDS", 30)
# So long after its deletion staff can bring a project back, and its data stays; 0: it is deleted at once.
RECOVERY_DAYS: int = read(env.int, "RECOVERY_DAYS", 7)
# Webhooks, logout tokens and questions to backends on this machine, also by plain http: for development and tests.
WEBHOOK_ALLOW_LOOPBACK: bool = read(env.bool, "WEBHOOK_ALLOW_LOOPBACK", False)

# How long partners and staff find a call in the request log.
REQUEST_LOG_DAYS: int = read(env.int, "REQUEST_LOG_DAYS", 7)

# Usage (usage.md)

# A month closes so many days after it ends; from then on its figures never change.
USAGE_CLOSE_AFTER_DAYS: int = read(env.int, "USAGE_CLOSE_AFTER_DAYS", 5)
# Events older than this are dropped by whole partitions; rollups and statements stay.
USAGE_RETENTION_DAYS: int = read(env.int, "USAGE_RETENTION_DAYS", 400)
# How often the sizes of projects are sampled (usage.md, Collectors).
USAGE_COLLECT_SECONDS: int = read(env.int, "USAGE_COLLECT_SECONDS", 900)
# Where events are read from, and kept beyond those that PostgreSQL needs: http(s)://user:password@host:8443/database.
CLICKHOUSE_URL: str = read(env.str, "CLICKHOUSE_URL", "")

# The JSON API and its reference

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "config.call_schema.CallSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatehouse",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": ["config.api_reference.add_plain_endpoints"],
    "SWAGGER_UI_DIST": "SIDECAR",
    # Its highlighter writes pale colours into the elements themselves, out of reach of our style.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "syntaxHighlight": False},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# Brand (pages.md)

BRAND_NAME: str = read(env.str, "BRAND_NAME", "Gatehouse")
# A file (svg, png) shown before the name; two colours, for light and dark, in place of the accent.
BRAND_LOGO: str = read(env.str, "BRAND_LOGO", "")
BRAND_ACCENT: tuple[str, str] | None = read(
    lambda name, _default: parse_accent(env.str(name, "")), "BRAND_ACCENT", None
)
SUPPORT_EMAIL: str = read(env.str, "SUPPORT_EMAIL", "support@example.com")

# Mail, files, language

EMAIL_URL: str = read(env.str, "EMAIL_URL", "")
EMAIL_BACKEND = (
    "accounts.caught_mail.CaughtMailBackend"
    if EMBEDDED and not EMAIL_URL
    else "django.core.mail.backends.smtp.EmailBackend"
)
(
    EMAIL_HOST,
    EMAIL_PORT,
    EMAIL_HOST_USER,
    EMAIL_HOST_PASSWORD,
    EMAIL_USE_TLS,
    EMAIL_USE_SSL,
) = read(lambda name, _default: mail_server(env.str(name, "")), "EMAIL_URL", mail_server(""))
EMAIL_TIMEOUT = 10
CAUGHT_MAIL = VAR / "mail"
DEFAULT_FROM_EMAIL: str = read(env.str, "FROM_EMAIL", f"{BRAND_NAME} <no-reply@example.com>")
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [ROOT / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(read(env.str, "MEDIA", str(VAR / "media")))
WHITENOISE_USE_FINDERS = EMBEDDED
LANGUAGE_CODE = "en"
# Each in its own words, as the choice on the account page has them.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("zh-hant", "繁體中文")]
LOCALE_PATHS = [ROOT / "locale"]
FORMAT_MODULE_PATH = "config.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Without it, /metrics answers this machine alone.
METRICS_TOKEN: str = read(env.str, "METRICS_TOKEN", "")

LOGGING_CONFIG = None
logging_config(as_json=not EMBEDDED, level=read(env.str, "LOG_LEVEL", "INFO"))

# The history of a client shows whole values: a list of redirect URIs is longer than the library's 140.
AUDITLOG_CHANGE_DISPLAY_TRUNCATE_LENGTH = -1
