"""Registration in the API's reference (docs/contract/oauth.md, "Other endpoints"; RFC 7591 and 7592)."""

from config.call_schema import OBJECT, Schema
from config.plain_endpoints import NO_STORE, fields, json, ref, said_by, text

LIST: Schema = {"type": "array", "items": {"type": "string"}}

METADATA: dict[str, Schema] = {
    "client_name": text("Bookshelf", description="Or `name`."),
    "redirect_uris": {**LIST, "description": "https, or http on loopback; at most 50."},
    "scope": text("user:read projects:read", description="Or `allowed_scopes`, a list. Absent: all."),
    "token_endpoint_auth_method": text(
        enum=["none", "client_secret_basic", "client_secret_post", "private_key_jwt"], description="Or `client_type`."
    ),
    "jwks": {**OBJECT, "description": "Of private_key_jwt: this or `jwks_uri` (RFC 7517)."},
    "jwks_uri": text(format="uri"),
    "client_type": text(enum=["public", "confidential"]),
    "name": text(),
    "allowed_scopes": LIST,
    "grant_types": LIST,
    "response_types": LIST,
    "application_type": text(enum=["web", "native"]),
    "client_uri": text(format="uri"),
    "logo_uri": text(format="uri", description="Kept and given back, never fetched."),
    "policy_uri": text(format="uri"),
    "tos_uri": text(format="uri"),
    "post_logout_redirect_uris": LIST,
    "contacts": LIST,
    "software_id": text(),
    "software_version": text(),
}
REGISTRATION_SCHEMAS: Schema = {
    "ClientMetadata": fields("redirect_uris", **METADATA),
    "RegisteredClient": fields(
        "client_id registration_access_token registration_client_uri status",
        client_id=text("clf_NK8cMUs41gm8ZcfdtSguVw"),
        client_id_issued_at={"type": "integer"},
        client_secret=text(description="Confidential clients, in the first answer alone."),
        client_secret_expires_at={"type": "integer", "description": "0: never."},
        registration_access_token=text(),
        registration_client_uri=text(format="uri"),
        status=text(enum=["pending", "active", "refused", "disabled"]),
        status_reason=text(description="Why staff refused."),
        **METADATA,
    ),
}
NAMED: list[Schema] = [{"name": "client_id", "in": "path", "required": True, "schema": text()}]
OF_CLIENT: Schema = {"parameters": NAMED, "security": [{"registration": []}]}
INVALID_TOKEN = {"401": json(ref("OAuthError"), "`invalid_token`: no live token, or none for this client.")}
STRANGER = {**INVALID_TOKEN, **said_by({429: "temporarily_unavailable"})}
METADATA_WORDS = "invalid_redirect_uri invalid_client_metadata unapproved_software_statement invalid_request"
REFUSED = {**STRANGER, **said_by({400: METADATA_WORDS, 413: "invalid_request", 415: "invalid_request"})}
BODY: Schema = {"required": True, "content": {"application/json": {"schema": ref("ClientMetadata")}}}
SHOWN = json(ref("RegisteredClient"), NO_STORE)


def operation(name: str, summary: str, responses: Schema, **more: object) -> Schema:
    return {"tags": ["Registration"], "operationId": name, "summary": summary, "responses": responses, **more}


REGISTRATION_PATHS: Schema = {
    "/api/oauth/v1/clients/register": {
        "post": operation(
            "register_client",
            "Register a client",
            {"201": SHOWN, **REFUSED, **said_by({503: "temporarily_unavailable"})},
            security=[{"person": []}, {}],
            requestBody=BODY,
            description="With any access token of a person; without one only where the deployment lets anybody in. "
            "`status` says whether staff have to approve it first.",
        )
    },
    "/api/oauth/v1/clients/register/{client_id}": {
        "get": operation("read_registration", "How far it is", {"200": SHOWN, **STRANGER}, **OF_CLIENT),
        "put": operation(
            "change_registration",
            "Replace what the client said of itself",
            {"200": SHOWN, "403": json(ref("OAuthError"), "`access_denied`: staff switched it off."), **REFUSED},
            **OF_CLIENT,
            requestBody=BODY,
        ),
        "delete": operation(
            "end_registration",
            "End the client and all its tokens",
            {"204": {"description": "Gone."}, **STRANGER},
            **OF_CLIENT,
        ),
    },
}
