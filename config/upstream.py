"""Sign-in with an account elsewhere, from the environment; nothing given, nothing offered."""

from urllib.parse import urlsplit

from environs import Env

Provider = dict[str, object]


def upstream_providers(env: Env) -> dict[str, Provider]:
    """allauth's SOCIALACCOUNT_PROVIDERS for those whose client id is set.

    GATEHOUSE_GOOGLE_CLIENT_ID and _CLIENT_SECRET, GATEHOUSE_GITHUB_ likewise, and for any
    OpenID provider GATEHOUSE_OIDC_CLIENT_ID, _CLIENT_SECRET, _ISSUER and _NAME, with
    _AUTHORIZATION_ORIGIN where its sign-in page has another origin than its issuer.
    """
    providers: dict[str, Provider] = {}
    google, github, oidc = (env.str(f"{name}_CLIENT_ID", "") for name in ("GOOGLE", "GITHUB", "OIDC"))
    if google:
        app = {"client_id": google, "secret": env.str("GOOGLE_CLIENT_SECRET", "")}
        providers["google"] = {"APPS": [app], "SCOPE": ["openid", "email", "profile"], "OAUTH_PKCE_ENABLED": True}
    if github:
        app = {"client_id": github, "secret": env.str("GITHUB_CLIENT_SECRET", "")}
        providers["github"] = {"APPS": [app], "SCOPE": ["read:user", "user:email"]}
    if oidc:
        providers["openid_connect"] = {"APPS": [openid_provider(env, oidc)], "OAUTH_PKCE_ENABLED": True}
    return providers


def upstream_origins(env: Env) -> list[str]:
    """Where a sign-in form may lead: `form-action` follows the redirect to the provider."""
    issuer = urlsplit(env.str("OIDC_ISSUER", ""))
    origins = {
        "GOOGLE": "https://accounts.google.com",
        "GITHUB": "https://github.com",
        "OIDC": env.str("OIDC_AUTHORIZATION_ORIGIN", f"{issuer.scheme}://{issuer.netloc}"),
    }
    return [origin for name, origin in origins.items() if env.str(f"{name}_CLIENT_ID", "")]


def openid_provider(env: Env, client_id: str) -> Provider:
    return {
        "provider_id": "oidc",
        "name": env.str("OIDC_NAME", "OpenID"),
        "client_id": client_id,
        "secret": env.str("OIDC_CLIENT_SECRET", ""),
        "settings": {"server_url": env.str("OIDC_ISSUER", "")},
    }
