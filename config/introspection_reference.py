"""Introspection in the API's reference (docs/contract/oauth.md, "Other endpoints"; RFC 7662)."""

from config.call_schema import Schema
from config.plain_endpoints import CLIENT, NO_STORE, OAUTH_REFUSALS, body, fields, json, said_by, text

INTROSPECTION_PATHS: Schema = {
    "/api/oauth/v1/introspect": {
        "post": {
            "tags": ["OAuth"],
            "operationId": "introspect",
            "summary": "Whether an access token is live, for resource servers",
            "description": f"{NO_STORE} By the client that staff registered for the resource server. Compare `aud` "
            "with your own: any access token of this issuer is told about.",
            "security": [{"client": []}, {}],
            "requestBody": body(fields("token", token=text(), token_type_hint=text(), **CLIENT)),
            "responses": {
                "200": json(
                    fields(
                        "active",
                        active={"type": "boolean", "description": "If false, nothing else is said."},
                        aud=text("https://api.example.com"),
                        scope=text("orders:read"),
                        client_id=text(),
                        sub=text(),
                        token_type=text("Bearer"),
                        exp={"type": "integer"},
                        iat={"type": "integer"},
                        iss=text(),
                        jti=text(),
                        email=text(description="Of a person's token."),
                        role=text("authenticated"),
                    ),
                    NO_STORE,
                ),
                **OAUTH_REFUSALS,
                **said_by({403: "unauthorized_client"}),
            },
        }
    },
}
