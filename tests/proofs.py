"""Keys as clients hold them: what they sign with them, and how they send it."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from jwt.algorithms import ECAlgorithm

from oauth_provider.opaque import base64url
from oauth_provider.public_keys import thumbprint
from tests.clients import TOKEN, Answer, OAuthClient, answer

ISSUER = "http://localhost:8000"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JTI = itertools.count(1)


@cache
def private_key(number: int = 1) -> ec.EllipticCurvePrivateKey:
    """The same for the same number: the cast's values are fixed."""
    return ec.derive_private_key(number + 10**20, ec.SECP256R1())


@dataclass(frozen=True)
class Holder:
    """Whoever holds a key."""

    number: int = 1
    kid: str = "first"
    wire: Client = field(default_factory=Client)

    @property
    def jwk(self) -> dict[str, str]:
        public = json.loads(ECAlgorithm.to_jwk(private_key(self.number).public_key()))
        return {"kty": public["kty"], "crv": public["crv"], "x": public["x"], "y": public["y"]}

    @property
    def jwks(self) -> str:
        return json.dumps({"keys": [{**self.jwk, "kid": self.kid}]})

    @property
    def jkt(self) -> str:
        return thumbprint(self.jwk)

    def sign(self, claims: dict[str, Any], **headers: Any) -> str:
        kept = {name: value for name, value in claims.items() if value is not None}
        algorithm = headers.pop("alg", "ES256")
        return jwt.encode(kept, private_key(self.number), algorithm, headers=headers)

    def assertion(self, client_id: str, *, headers: dict[str, Any] | None = None, **changes: Any) -> str:
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": ISSUER,
            "iat": int(time.time()),
            "exp": int(time.time()) + 60,
            "jti": f"jti-{next(JTI)}",
        }
        return self.sign({**claims, **changes}, **(headers or {"kid": self.kid}))

    def proof(self, method: str, path: str, *, token: str = "", headers: dict[str, Any] | None = None, **changes: Any):
        claims = {
            "htm": method,
            "htu": f"{ISSUER}{path}",
            "iat": int(time.time()),
            "jti": f"jti-{next(JTI)}",
            "ath": base64url(hashlib.sha256(token.encode()).digest()) if token else None,
        }
        return self.sign({**claims, **changes}, **{"typ": "dpop+jwt", "jwk": self.jwk, **(headers or {})})

    def post_token(self, client: OAuthClient, *, proof: str | None = None, **parameters: str) -> Answer:
        """A token request with a DPoP proof."""
        headers = {"DPoP": self.proof("POST", TOKEN) if proof is None else proof}
        body = {**client.credentials(), **parameters}
        return answer(self.wire.post(TOKEN, body, content_type="application/json", headers=headers))

    def get(self, path: str, token: str, *, scheme: str = "DPoP", proof: str | None = None) -> Answer:
        proof = self.proof("GET", path, token=token) if proof is None else proof
        headers = {"Authorization": f"{scheme} {token}", **({"DPoP": proof} if proof else {})}
        return answer(self.wire.get(path, headers=headers))
