"""The plain endpoints as OpenAPI writes them, by hand; a test compares with the routes.

The OAuth endpoints are plain views (docs/decisions: REST framework costs a third of a hot
endpoint's rate). Source: docs/contract/oauth.md.
"""

from __future__ import annotations

from typing import Any

from accounts.errors import RateLimited
from config.call_schema import OBJECT, Schema, refused
from oauth_provider.errors import WORDS, InsufficientScope, InvalidToken, MachineHasNoPerson
from oauth_provider.grants import GRANTS

NO_STORE = "`Cache-Control: no-store`."


def text(example: str | None = None, **more: Any) -> Schema:
    return {"type": "string", **({"example": example} if example else {}), **more}


def fields(required: str, **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def json(schema: Schema, description: str) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def body(schema: Schema) -> Schema:
    """A body that may come either way."""
    kinds = ("application/x-www-form-urlencoded", "application/json")
    return {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}


def query(name: str, description: str, *, required: bool = False, **schema: Any) -> Schema:
    return {"name": name, "in": "query", "required": required, "description": description, "schema": text(**schema)}


CLIENT = {
    "client_id": text("clf_NK8cMUs41gm8ZcfdtSguVw"),
    "client_secret": text(description="Confidential clients; or HTTP Basic, never both."),
    "client_assertion": text(description="Clients with keys: a JWT for the issuer (RFC 7523)."),
    "client_assertion_type": text(enum=["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]),
}


def said_by(words: dict[int, str]) -> Schema:
    """Refusals of an OAuth endpoint: status -> its words, which WORDS explains."""
    return {
        str(status): json(
            {"allOf": [ref("OAuthError"), {"properties": {"error": {"enum": said.split()}}}]},
            "\n".join(f"- `{word}`: {WORDS[word].cause}" for word in said.split()),
        )
        for status, said in words.items()
    }


GRANT_WORDS = (
    "invalid_request invalid_grant invalid_scope invalid_target unauthorized_client unsupported_grant_type "
    "authorization_pending slow_down access_denied expired_token invalid_dpop_proof"
)
OAUTH_REFUSALS = said_by(
    {
        400: "invalid_request",
        401: "invalid_client",
        413: "invalid_request",
        415: "invalid_request",
        429: "temporarily_unavailable",
        503: "temporarily_unavailable",
    }
)
TOKEN_REFUSALS = {**OAUTH_REFUSALS, **said_by({400: GRANT_WORDS})}
OPERATION_ID = text(format="uuid", description="The operation that is in the way, or failed.")
FAULTS = {
    "type": "array",
    "description": "Of a validation error: each parameter at fault.",
    "items": fields("param code message", param=text(), code=text(), message=text()),
}
PROOF: Schema = {
    "name": "DPoP",
    "in": "header",
    "description": "A proof of the key that the tokens are bound to (RFC 9449).",
    "schema": text(),
}
BY_CLIENT: list[Schema] = [{"client": []}, {}]

SCHEMAS: Schema = {
    "OAuthError": fields(
        "error error_description message",
        error=text(),
        error_description=text(),
        message=text(description="The description again: some clients read only this."),
    ),
    "PlatformError": fields(
        "error code requestId",
        error=text(description="A sentence."),
        code=text(),
        requestId=text(),
        operation_id=OPERATION_ID,
        errors=FAULTS,
    ),
    "PartnershipError": fields(
        "success message code requestId",
        success={"type": "boolean", "enum": [False]},
        message=text(description="A sentence."),
        code=text(),
        requestId=text(),
        operation_id=OPERATION_ID,
        errors=FAULTS,
    ),
    "TokenAnswer": fields(
        "access_token token_type expires_in scope",
        access_token=text(description="A signed JWT."),
        token_type=text(enum=["Bearer", "DPoP"], description="`DPoP` if a proof came along."),
        expires_in={"type": "integer", "example": 3600},
        refresh_token=text(description="Opaque. Absent for machine clients."),
        id_token=text(description="Where `openid` was granted: a JWT (OpenID Connect Core section 2)."),
        scope=text("user:read organizations:read"),
    ),
    "DeviceCodes": fields(
        "device_code user_code verification_uri verification_uri_complete expires_in interval",
        device_code=text(description="For the device alone."),
        user_code=text("WDJB-MJHT"),
        verification_uri=text("http://localhost:8000/device"),
        verification_uri_complete=text(description="The same with the code in it, for a QR code."),
        expires_in={"type": "integer", "example": 900},
        interval={"type": "integer", "example": 5, "description": "Seconds between polls; 5 more at each slow_down."},
    ),
    "Profile": fields(
        "user",
        user=fields(
            "id email name avatar_url profile email_verified created_at",
            id=text(format="uuid"),
            email=text("user@example.com"),
            name=text("Ada Example"),
            avatar_url={"type": ["string", "null"]},
            profile=fields("name avatar_url", name=text(), avatar_url={"type": ["string", "null"]}),
            email_verified={"type": "boolean"},
            created_at=text("2025-01-01T00:00:00Z", format="date-time"),
        ),
    ),
    "LatestVersion": fields("version cached", version=text("v2.2.3"), cached={"type": "boolean"}),
    "Metadata": {**OBJECT, "description": "RFC 8414 or RFC 9728."},
    "KeySet": fields("keys", keys={"type": "array", "items": {**OBJECT, "description": "RFC 7517"}}),
}


def metadata(name: str, summary: str, schema: str = "Metadata") -> Schema:
    answer = json(ref(schema), "Public, cacheable, CORS `*`.")
    return {"get": {"tags": ["Discovery"], "operationId": name, "summary": summary, "responses": {"200": answer}}}


PROFILE_REFUSALS = [InvalidToken, InsufficientScope, MachineHasNoPerson, RateLimited]

AUTHORIZE_PARAMETERS: list[Schema] = [
    query("client_id", "As registered.", required=True),
    query("redirect_uri", "As registered, to the letter; a loopback port is free.", required=True),
    query("response_type", "`code`", required=True, enum=["code"]),
    query("scope", "Space-separated; absent: the client's default scopes."),
    query("state", "Given back byte for byte; at most 2,048 bytes.", required=True),
    query("code_challenge", "43 base64url characters (RFC 7636).", required=True),
    query("code_challenge_method", "`S256`", required=True, enum=["S256"]),
    query("resource", "A registered resource server (RFC 8707)."),
    query("dpop_jkt", "The thumbprint of the key that the code is bound to (RFC 9449)."),
    query("nonce", "Stands in the ID token again."),
    query("prompt", "`none`, or some of `login`, `consent`, `select_account`."),
    query("id_token_hint", "An ID token of ours: anybody else is `login_required`."),
    query("login_hint", "The address to sign in with."),
    query("ui_locales", "Languages for the pages, such as `de en`, where the person has not chosen one."),
    query("max_age", "Seconds since the person last signed in."),
    query("request_uri", "Of par: then nothing but `client_id` counts beside it."),
]

PATHS: Schema = {
    "/api/oauth/v1/authorize": {
        "get": {
            "tags": ["OAuth"],
            "operationId": "authorize",
            "summary": "Send a person here to sign in and be asked",
            "description": "Answers with a page or a redirect; never grants by itself.",
            "parameters": AUTHORIZE_PARAMETERS,
            "responses": {
                "200": {"description": "The consent page."},
                "302": {"description": "To sign-in, or to `redirect_uri` with `code`, `state`, `iss`, or an `error`."},
                "400": {"description": "A page: client or redirect URI can't be trusted, so nothing is sent there."},
            },
        }
    },
    "/api/oauth/v1/token": {
        "post": {
            "tags": ["OAuth"],
            "operationId": "token",
            "parameters": [PROOF],
            "summary": "Redeem a code, refresh, poll as a device, or get a machine's token",
            "description": NO_STORE,
            "security": BY_CLIENT,
            "requestBody": body(
                fields(
                    "grant_type",
                    grant_type=text(enum=list(GRANTS)),
                    code=text(),
                    redirect_uri=text("http://127.0.0.1:4000/auth/callback"),
                    code_verifier=text(),
                    refresh_token=text(),
                    device_code=text(),
                    scope=text(description="Narrower than granted."),
                    resource=text(),
                    **CLIENT,
                )
            ),
            "responses": {"200": json(ref("TokenAnswer"), NO_STORE), **TOKEN_REFUSALS},
        }
    },
    "/api/oauth/v1/device_authorization": {
        "post": {
            "tags": ["OAuth"],
            "operationId": "device_authorization",
            "summary": "Get the two codes of a device login (RFC 8628)",
            "description": f"{NO_STORE} Show the person `user_code` and `verification_uri`, and poll token meanwhile.",
            "security": BY_CLIENT,
            "requestBody": body(
                fields(
                    "client_id",
                    scope=text(description="Absent: the client's default scopes."),
                    resource=text(),
                    **CLIENT,
                )
            ),
            "responses": {
                "200": json(ref("DeviceCodes"), NO_STORE),
                **OAUTH_REFUSALS,
                **said_by({400: "invalid_request invalid_scope invalid_target unauthorized_client"}),
            },
        }
    },
    "/api/oauth/v1/revoke": {
        "post": {
            "tags": ["OAuth"],
            "operationId": "revoke",
            "summary": "End a token; a refresh token takes its access tokens with it",
            "security": BY_CLIENT,
            "requestBody": body(fields("token", token=text(), token_type_hint=text(), **CLIENT)),
            "responses": {
                "200": json(fields("success", success={"type": "boolean"}), "Also for an unknown token."),
                **OAUTH_REFUSALS,
            },
        }
    },
    "/api/oauth/v1/jwks.json": metadata("jwks", "Public keys of access and ID tokens", "KeySet"),
    "/.well-known/oauth-authorization-server": metadata("authorization_server", "What this server offers (RFC 8414)"),
    "/.well-known/openid-configuration": metadata("openid_configuration", "The same, where OpenID clients look"),
    "/.well-known/oauth-protected-resource": metadata(
        "protected_resource", "Which server issues our tokens (RFC 9728)"
    ),
    "/.well-known/oauth-protected-resource/{below}": {
        "get": {
            **metadata("protected_resource_at", "The same for the area at or above a path of ours")["get"],
            "parameters": [
                {
                    "name": "below",
                    "in": "path",
                    "required": True,
                    "schema": text("projects/v1"),
                    "description": "A path.",
                }
            ],
            "responses": {
                "200": json(ref("Metadata"), "Public, cacheable, CORS `*`."),
                "404": json(ref("OAuthError"), "Nothing that is protected stands there."),
            },
        }
    },
    "/.well-known/jwks.json": metadata("project_jwks", "Public keys of project authorization codes", "KeySet"),
    "/platform/insforge/latest-version": {
        "get": {
            "tags": ["Platform"],
            "operationId": "latest_version",
            "summary": "The newest service version, for clients that look for one",
            "responses": {"200": json(ref("LatestVersion"), "Public.")},
        }
    },
    "/auth/v1/profile": {
        "get": {
            "tags": ["Profile"],
            "operationId": "profile",
            "summary": "The person who signed in",
            "security": [{"person": ["user:read"]}],
            "responses": {
                "200": json(ref("Profile"), "Nested and flat: clients read either."),
                **refused(PROFILE_REFUSALS, "PlatformError"),
            },
        }
    },
}
