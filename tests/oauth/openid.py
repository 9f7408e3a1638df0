"""An OpenID client as the field has them: it checks each ID token by the published keys."""

from __future__ import annotations

from typing import Any

import jwt
from django.test import Client

ISSUER = "http://localhost:8000"
OPENID_SCOPES = "openid profile email user:read"


def published() -> list[dict[str, str]]:
    return Client().get("/api/oauth/v1/jwks.json").json()["keys"]


def verified(token: str, client_id: str, *, keys: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The claims of `token`, checked as OpenID Connect Core section 3.1.3.7 asks."""
    key_set = jwt.PyJWKSet(keys or published())
    key = key_set[jwt.get_unverified_header(token)["kid"]]
    required = ["iss", "sub", "aud", "exp", "iat"]
    return jwt.decode(
        token, key, algorithms=["RS256"], audience=client_id, issuer=ISSUER, options={"require": required}
    )
