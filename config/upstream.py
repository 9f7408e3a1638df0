"""Sign-in with an account elsewhere, from the environment; nothing given, nothing offered."""

from collections.abc import Callable
from urllib.parse import urlsplit

Provider = dict[str, object]
Text = Callable[[str, str], str]  # the value of GATEHOUSE_<name>, or a default


def upstream_providers(text: Text) -> dict[str, Provider]:
    """allauth's SOCIALACCOUNT_PROVIDERS for those whose client id is set.

    GATEHOUSE_GOOGLE_CLIENT_ID and _CLIENT_SECRET, GATEHOUSE_GITHUB_ likewise, and for any
    OpenID provider GATEHOUSE_OIDC_CLIENT_ID, _CLIENT_SECRET, _ISSUER and _NAME, with
    _AUTHORIZATION_ORIGIN where its sign-in page has another origin than its issuer.
    """
    # All are read, used or not: `settings.VARIABLES` is the list of what may be set.
    google, github, oidc = (app(text, name) for name in ("GOOGLE", "GITHUB", "OIDC"))
    oidc |= {
        "provider_id": "oidc",
        "name": text("OIDC_NAME", "OpenID"),
        "settings": {"server_url": text("OIDC_ISSUER", "")},
    }
    providers: dict[str, Provider] = {
        "google": {"APPS": [google], "SCOPE": ["openid", "email", "profile"], "OAUTH_PKCE_ENABLED": True},
        "github": {"APPS": [github], "SCOPE": ["read:user", "user:email"]},
        "openid_connect": {"APPS": [oidc], "OAUTH_PKCE_ENABLED": True},
    }
    clients = {"google": google, "github": github, "openid_connect": oidc}
    return {name: provider for name, provider in providers.items() if clients[name]["client_id"]}


def app(text: Text, name: str) -> Provider:
    return {"client_id": text(f"{name}_CLIENT_ID", ""), "secret": text(f"{name}_CLIENT_SECRET", "")}


def upstream_origins(text: Text) -> list[str]:
    """Where a sign-in form may lead: `form-action` follows the redirect to the provider."""
    issuer = urlsplit(text("OIDC_ISSUER", ""))
    origins = {
        "GOOGLE": "https://accounts.google.com",
        "GITHUB": "https://github.com",
        "OIDC": text("OIDC_AUTHORIZATION_ORIGIN", f"{issuer.scheme}://{issuer.netloc}"),
    }
    return [origin for name, origin in origins.items() if text(f"{name}_CLIENT_ID", "")]
