"""OpenID Connect in the API's reference: userinfo and logout. Source: docs/contract/oauth.md."""

from config.call_schema import Schema, by_status
from config.plain_endpoints import NO_STORE, fields, json, query, ref, text
from oauth_provider.errors import InsufficientScope, InvalidToken, MachineHasNoPerson

OPENID_SCHEMAS: Schema = {
    "UserInfo": fields(
        "sub",
        sub=text(format="uuid"),
        name=text("Ada Example", description="With `profile`."),
        picture=text(description="With `profile`, where there is one."),
        email=text("user@example.com", description="With `email`."),
        email_verified={"type": "boolean", "description": "With `email`."},
    ),
}
USERINFO_REFUSALS = [InvalidToken, InsufficientScope, MachineHasNoPerson]
USERINFO = {
    "tags": ["OpenID Connect"],
    "summary": "Who signed in, as far as the scopes go",
    "security": [{"person": ["openid"]}],
    "responses": {
        "200": json(ref("UserInfo"), NO_STORE),
        **by_status(USERINFO_REFUSALS, "OAuthError"),
    },
}

LOGOUT = {
    "tags": ["OpenID Connect"],
    "summary": "Send a person here to sign out",
    "description": "With a hint of this very browser session at once, else the person is asked. By POST as a form.",
    "parameters": [
        query("id_token_hint", "An ID token of the session; an expired one will do."),
        query("client_id", "As registered; the same as in the hint."),
        query("post_logout_redirect_uri", "As registered, to the letter."),
        query("state", "Given back byte for byte."),
    ],
    "responses": {
        "200": {"description": "A page: the question, or that nobody is signed in."},
        "302": {"description": "To `post_logout_redirect_uri`, or to that page."},
        "400": {"description": "A page: nobody was signed out, and nothing is sent anywhere."},
    },
}

OPENID_PATHS: Schema = {
    "/api/oauth/v1/userinfo": {
        "get": {"operationId": "userinfo", **USERINFO},
        "post": {"operationId": "userinfo_by_post", **USERINFO},
    },
    "/api/oauth/v1/logout": {
        "get": {"operationId": "logout", **LOGOUT},
        "post": {"operationId": "logout_by_post", **LOGOUT},
    },
}
