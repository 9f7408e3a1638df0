"""Sign-in with an account elsewhere, from the environment; nothing given, nothing offered."""

from environs import Env

Provider = dict[str, object]


def upstream_providers(env: Env) -> dict[str, Provider]:
    """allauth's SOCIALACCOUNT_PROVIDERS for those whose client id is set.

    GATEHOUSE_GOOGLE_CLIENT_ID and _SECRET, GATEHOUSE_GITHUB_CLIENT_ID and _SECRET, and for any
    OpenID provider GATEHOUSE_OIDC_CLIENT_ID, _SECRET, _ISSUER and _NAME.
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


def openid_provider(env: Env, client_id: str) -> Provider:
    return {
        "provider_id": "oidc",
        "name": env.str("OIDC_NAME", "OpenID"),
        "client_id": client_id,
        "secret": env.str("OIDC_CLIENT_SECRET", ""),
        "settings": {"server_url": env.str("OIDC_ISSUER", "")},
    }
