"""The cast. alice owns an organization; bob is her colleague; mallory has a valid account and a
right to nothing. Everyone's values are fixed, so that a failure reads the same everywhere.
"""

from django.test import Client
from django.utils import timezone

from accounts.digests import digest
from accounts.models import User
from accounts.people import create_person
from oauth_provider.models import Application, ClientSecret

PASSWORD = "correct horse battery"
ACME_SECRET = "gcs_" + "a" * 43
METER_SECRET = "gcs_" + "m" * 43
PRODUCT_SCOPES = "user:read organizations:read projects:read projects:write"


def person(email: str, name: str, **fields: bool) -> User:
    """Somebody with a verified address and the cast's password."""
    return create_person(email, name, PASSWORD, is_email_verified=True, **fields)


def signed_in(user: User, *, at: float | None = None) -> Client:
    """A browser in which `user` has just signed in (or at the given Unix time)."""
    browser = Client()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = browser.session
    signed_in_at = timezone.now().timestamp() if at is None else at
    session["account_authentication_methods"] = [{"method": "password", "at": signed_in_at, "email": user.email}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return browser


def web_application(
    name: str = "Acme",
    *,
    redirect_uris: str = "https://acme.example/callback",
    secret: str = ACME_SECRET,
    **fields: object,
) -> Application:
    """A confidential web client with one secret."""
    values = {"client_type": "confidential", "allowed_scopes": PRODUCT_SCOPES, **fields}
    application = Application.objects.create(name=name, kind="web", redirect_uris=redirect_uris, **values)
    add_secret(application, secret)
    return application


def native_application(
    name: str = "Acme CLI", *, redirect_uris: str = "http://127.0.0.1/callback", **fields: object
) -> Application:
    """A public client on loopback, as the deployed CLI is."""
    values = {"allowed_scopes": PRODUCT_SCOPES, "rotates_refresh_tokens": True, **fields}
    return Application.objects.create(
        name=name, kind="native", client_type="public", redirect_uris=redirect_uris, **values
    )


def machine_application(name: str = "Meter", *, secret: str = METER_SECRET, **fields: object) -> Application:
    values = {"allowed_scopes": "usage:write", "default_scopes": "usage:write", **fields}
    application = Application.objects.create(name=name, kind="machine", client_type="confidential", **values)
    add_secret(application, secret)
    return application


def add_secret(application: Application, secret: str, slot: int = 1) -> ClientSecret:
    return ClientSecret.objects.create(
        application=application,
        slot=slot,
        digest=digest(secret),
        last_four=secret[-4:],
        created_at=timezone.now(),
    )
