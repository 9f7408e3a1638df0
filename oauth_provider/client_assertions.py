"""`private_key_jwt`: a client proves itself by a token that it signs. Source: oauth.md, "token"; RFC 7523.

The audience is our issuer alone: a client that signs for a token endpoint's address can be made to sign
for another server's (the disclosure of 2025, draft-ietf-oauth-rfc7523bis).
"""

from datetime import UTC, datetime, timedelta

import jwt
from django.conf import settings
from jwt.exceptions import PyJWTError

from oauth_provider import client_keys, public_keys, used_proofs
from oauth_provider.errors import InvalidClient
from oauth_provider.request_body import is_clean

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_LIFE_SECONDS = 600
SKEW_SECONDS = 30
MAX_LENGTH = 8192
FAR_FUTURE = 10**12  # as Unix time; NaN and infinity are not before it either

Claims = dict[str, object]


def subject(assertion: str) -> str:
    """Whom `assertion` says it is of, unproved; "" if nobody."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except (PyJWTError, ValueError):
        return ""
    said = claims.get("sub")
    return said if isinstance(said, str) and is_clean(said) else ""


def check(application_id: int, client_id: str, assertion: str, now: datetime) -> None:
    """Raises InvalidClient unless `assertion` proves the client, for the first time."""
    claims = read_signed(application_id, assertion, now)
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise InvalidClient("assertion of another client")
    if claims.get("aud") not in (settings.BASE_URL, [settings.BASE_URL]):
        raise InvalidClient("assertion for another audience")
    expires_at = read_times(claims, now)
    if not used_proofs.use("assertion", client_id, claims.get("jti"), expires_at):
        raise InvalidClient("assertion used before, or without a jti")


def read_signed(application_id: int, assertion: str, now: datetime) -> Claims:
    """The claims of `assertion`, signed by one of the client's keys; times are still to be checked."""
    try:
        header = jwt.get_unverified_header(assertion) if len(assertion) <= MAX_LENGTH else {}
    except (PyJWTError, ValueError):
        raise InvalidClient("assertion is no JWT") from None
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in public_keys.ALGORITHMS:
        raise InvalidClient("assertion signed by an algorithm that is not taken")
    for jwk in client_keys.candidates(application_id, header.get("kid"), algorithm, now):
        claims = verified(assertion, jwk, algorithm)
        if claims is not None:
            return claims
    raise InvalidClient("assertion not signed by a key of its client")


def verified(assertion: str, jwk: public_keys.Jwk, algorithm: str) -> Claims | None:
    try:
        key = public_keys.read(jwk, algorithm)
        return jwt.decode(assertion, key, algorithms=[algorithm], options=NO_CLAIMS)
    except (PyJWTError, ValueError):
        return None


# The times and the audience have stricter rules of their own above.
NO_CLAIMS: jwt.types.Options = {
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def read_times(claims: Claims, now: datetime) -> datetime:
    """Until when the assertion counts. Raises InvalidClient for a time that is wrong or too far away."""
    seconds = now.timestamp()
    ends, issued, begins = (as_seconds(claims.get(name, 0)) for name in ("exp", "iat", "nbf"))
    if ends is None or issued is None or begins is None:
        raise InvalidClient("assertion with a time that is none")
    if not seconds - SKEW_SECONDS < ends <= seconds + MAX_LIFE_SECONDS:
        raise InvalidClient("assertion without exp, expired, or good for too long")
    if max(issued, begins) > seconds + SKEW_SECONDS:
        raise InvalidClient("assertion of the future")
    return datetime.fromtimestamp(ends, UTC) + timedelta(seconds=SKEW_SECONDS)


def as_seconds(value: object) -> float | None:
    """A NumericDate (RFC 7519 section 2), or None for what is none."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return float(value) if abs(value) < FAR_FUTURE else None
