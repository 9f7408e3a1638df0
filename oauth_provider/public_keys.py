"""Public keys of others (RFC 7517): which kinds we take, and how they are read.

Nothing symmetric and nothing private: whoever shows us such a key has lost it.
"""

import hashlib
import json
from collections.abc import Mapping

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.exceptions import PyJWTError

from oauth_provider.opaque import base64url

Jwk = Mapping[str, object]

# Algorithm -> what its keys are: type and, where there are several, curve.
ALGORITHMS: dict[str, tuple[str, str | None]] = {
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "PS256": ("RSA", None),
    "RS256": ("RSA", None),
}
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 4096
MAX_KEYS = 20
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
# RFC 7638 section 3.2.
THUMBPRINT_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}


def fits(jwk: Jwk, algorithm: str) -> bool:
    kind, curve = ALGORITHMS[algorithm]
    is_of_kind = jwk.get("kty") == kind and (curve is None or jwk.get("crv") == curve)
    return is_of_kind and jwk.get("alg", algorithm) == algorithm and jwk.get("use", "sig") == "sig"


def read(jwk: object, algorithm: str) -> jwt.PyJWK:
    """The key that `jwk` is, for `algorithm` of ALGORITHMS. Raises ValueError if it is not one."""
    if not isinstance(jwk, dict) or PRIVATE & jwk.keys() or not fits(jwk, algorithm):
        raise ValueError("not a public key for this algorithm")
    try:
        key = jwt.PyJWK(jwk, algorithm=algorithm)
    except (PyJWTError, ValueError, TypeError, KeyError):
        raise ValueError("not a readable key") from None
    if isinstance(key.key, RSAPublicKey) and not MIN_RSA_BITS <= key.key.key_size <= MAX_RSA_BITS:
        raise ValueError("an RSA key of a size that is not taken")
    return key


def read_set(text: str | bytes) -> list[Jwk]:
    """The keys of a JWK set that could check a signature; others in it are passed over.

    Raises ValueError if it is no set, has too many keys, a private one, or none that we take.
    """
    held = json.loads(text)
    keys = held.get("keys") if isinstance(held, dict) else None
    if not isinstance(keys, list) or len(keys) > MAX_KEYS or not all(isinstance(key, dict) for key in keys):
        raise ValueError("not a JWK set")
    if any(PRIVATE & key.keys() for key in keys):
        raise ValueError("a private or symmetric key")
    usable = [key for key in keys if any(is_readable(key, name) for name in ALGORITHMS)]
    if not usable:
        raise ValueError("no key that is taken here")
    return usable


def is_readable(jwk: Jwk, algorithm: str) -> bool:
    try:
        read(jwk, algorithm)
    except ValueError:
        return False
    return True


def thumbprint(jwk: Jwk) -> str:
    """RFC 7638, of a key that `read` took: 43 characters."""
    members = {name: jwk[name] for name in THUMBPRINT_MEMBERS[str(jwk["kty"])]}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return base64url(hashlib.sha256(canonical.encode()).digest())
