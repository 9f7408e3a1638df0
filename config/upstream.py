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
    providers: dict[str, Provider] = {}
    google, github, oidc = (text(f"{name}_CLIENT_ID", "") for name in ("GOOGLE", "GITHUB", "OIDC"))
    if google:
        app = {"client_id": google, "secret": text("GOOGLE_CLIENT_SECRET", "")}
        providers["google"] = {"APPS": [app], "SCOPE": ["openid", "email", "profile"], "OAUTH_PKCE_ENABLED": True}
    if github:
        app = {"client_id": github, "secret": text("GITHUB_CLIENT_SECRET", "")}
        providers["github"] = {"APPS": [app], "SCOPE": ["read:user", "user:email"]}
    if oidc:
        providers["openid_connect"] = {"APPS": [openid_provider(text, oidc)], "OAUTH_PKCE_ENABLED": True}
    return providers


def upstream_origins(text: Text) -> list[str]:
    """Where a sign-in form may lead: `form-action` follows the redirect to the provider."""
    issuer = urlsplit(text("OIDC_ISSUER", ""))
    origins = {
        "GOOGLE": "https://accounts.google.com",
        "GITHUB": "https://github.com",
        "OIDC": text("OIDC_AUTHORIZATION_ORIGIN", f"{issuer.scheme}://{issuer.netloc}"),
    }
    return [origin for name, origin in origins.items() if text(f"{name}_CLIENT_ID", "")]


def openid_provider(text: Text, client_id: str) -> Provider:
    return {
        "provider_id": "oidc",
        "name": text("OIDC_NAME", "OpenID"),
        "client_id": client_id,
        "secret": text("OIDC_CLIENT_SECRET", ""),
        "settings": {"server_url": text("OIDC_ISSUER", "")},
    }
