"""Pushed authorization requests in the API's reference (docs/contract/oauth.md, "Other endpoints"; RFC 9126)."""

from config.call_schema import Schema
from config.plain_endpoints import (
    AUTHORIZE_PARAMETERS,
    BY_CLIENT,
    CLIENT,
    NO_STORE,
    OAUTH_REFUSALS,
    PROOF,
    body,
    fields,
    json,
    said_by,
    text,
)

ASKED: dict[str, Schema] = {
    held["name"]: {**held["schema"], "description": held["description"]}
    for held in AUTHORIZE_PARAMETERS
    if held["name"] not in ("client_id", "request_uri")
}
PUSHED_PATHS: Schema = {
    "/api/oauth/v1/par": {
        "post": {
            "tags": ["OAuth"],
            "operationId": "par",
            "parameters": [PROOF],
            "summary": "Push an authorization request ahead of the person (RFC 9126)",
            "description": f"{NO_STORE} Then send the person to authorize with `client_id` and `request_uri` alone, "
            "within 60 seconds and once.",
            "security": BY_CLIENT,
            "requestBody": body(
                fields(
                    "redirect_uri response_type state code_challenge code_challenge_method",
                    **{**ASKED, **CLIENT},
                )
            ),
            "responses": {
                "201": json(
                    fields(
                        "request_uri expires_in",
                        request_uri=text("urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c"),
                        expires_in={"type": "integer", "example": 60},
                    ),
                    NO_STORE,
                ),
                **OAUTH_REFUSALS,
                **said_by(
                    {
                        400: "invalid_request invalid_scope invalid_target unauthorized_client "
                        "unsupported_response_type request_not_supported invalid_dpop_proof"
                    }
                ),
            },
        }
    },
}
