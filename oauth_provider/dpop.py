"""Proof that whoever uses a token holds the key it was bound to. Source: oauth.md, "DPoP"; RFC 9449.

No nonce is asked for (docs/decisions/0111): the window is short, and each proof counts once.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import jwt
from django.conf import settings
from django.http import HttpRequest
from jwt.exceptions import PyJWTError

from accounts.digests import digest
from oauth_provider import public_keys, used_proofs
from oauth_provider.client_assertions import NO_CLAIMS, as_seconds
from oauth_provider.errors import InvalidDpopProof
from oauth_provider.opaque import base64url

OLDEST_SECONDS = 120
SKEW_SECONDS = 30
MAX_LENGTH = 8192
PROVED = "gatehouse.dpop_jkt"


def read(request: HttpRequest, now: datetime, *, access_token: str = "") -> str:
    """The thumbprint of the key that `request` proves to hold; "" where no proof came.

    With `access_token` the proof has to name it. A proof counts for one request, in which it may
    be asked for twice. Raises InvalidDpopProof.
    """
    if "HTTP_DPOP" not in request.META:
        return ""
    if PROVED not in request.META:
        request.META[PROVED] = check(request.META["HTTP_DPOP"], request, access_token, now)
    return str(request.META[PROVED])


def check(proof: str, request: HttpRequest, access_token: str, now: datetime) -> str:
    """RFC 9449 section 4.3, in its order."""
    jwk, claims = read_signed(proof)
    if claims.get("htm") != request.method or not is_here(claims.get("htu"), request.path):
        raise InvalidDpopProof("The DPoP proof is for another request.")
    at = as_seconds(claims.get("iat"))
    if at is None:
        raise InvalidDpopProof("The DPoP proof has no iat.")
    if not now.timestamp() - OLDEST_SECONDS <= at <= now.timestamp() + SKEW_SECONDS:
        raise InvalidDpopProof("The DPoP proof is too old, or of the future.")
    if access_token and claims.get("ath") != base64url(digest(access_token)):
        raise InvalidDpopProof("The DPoP proof is not for this access token.")
    thumbprint = public_keys.thumbprint(jwk)
    ends = datetime.fromtimestamp(at, UTC) + timedelta(seconds=OLDEST_SECONDS)
    if not used_proofs.use("dpop", thumbprint, claims.get("jti"), ends):
        raise InvalidDpopProof("The DPoP proof was used before, or has no jti.")
    return thumbprint


def read_signed(proof: str) -> tuple[public_keys.Jwk, dict[str, object]]:
    try:
        header = jwt.get_unverified_header(proof) if len(proof) <= MAX_LENGTH else {}
        algorithm, jwk = header.get("alg"), dict(header.get("jwk") or {})
        if header.get("typ") != "dpop+jwt" or algorithm not in public_keys.ALGORITHMS:
            raise InvalidDpopProof("The DPoP proof is of a type or algorithm that is not taken.")
        key = public_keys.read(jwk, algorithm)
        return jwk, jwt.decode(proof, key, algorithms=[algorithm], options=NO_CLAIMS)
    except (PyJWTError, ValueError, TypeError):
        raise InvalidDpopProof("The DPoP proof is not a JWT signed by the key in it.") from None


def is_here(htu: object, path: str) -> bool:
    """Whether `htu` is the address of this request, without its query (RFC 3986 section 6.2.2 and 6.2.3)."""
    try:
        said = urlsplit(htu if isinstance(htu, str) else "")
        port = said.port
    except ValueError:
        return False
    ours = urlsplit(settings.BASE_URL)
    default = {"https": 443, "http": 80}
    there = (said.scheme, said.hostname, port or default.get(said.scheme), said.path or "/")
    return there == (ours.scheme, ours.hostname, ours.port or default.get(ours.scheme), ours.path + path)
