"""Signing keys of each key set: published before they sign, kept until nothing they
signed is valid. Source: oauth.md, "token"; partnership.md, "The authorization code".
"""

import json
import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from accounts.digests import digest
from accounts.encryption import decrypt, encrypt
from oauth_provider.models import SigningKey
from oauth_provider.opaque import base64url

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

ALGORITHMS = {
    SigningKey.KeySet.TOKEN: "ES256",
    SigningKey.KeySet.PROJECT: "RS256",
    SigningKey.KeySet.OPENID: "RS256",
}
SHA256 = hashes.SHA256()
ECDSA, P256_BYTES = ec.ECDSA(SHA256), 32
PKCS1 = padding.PKCS1v15()
to_json = json.JSONEncoder(separators=(",", ":")).encode
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}\Z")
# A key signs when every cache must have seen it: a process's own, then one on the way (five minutes, as the
# answers say), then a project backend's (ten).
PUBLISHED_BEFORE_SIGNING = timedelta(minutes=20)
CACHE_SECONDS = 60  # a process's


@dataclass(frozen=True, slots=True)
class Key:
    kid: str
    algorithm: str
    private: PrivateKey
    public_jwk: dict[str, str]
    signs_from: datetime


class Ring:
    """A process's copy of the published keys of one key set."""

    def __init__(self, key_set: SigningKey.KeySet) -> None:
        self.key_set = key_set
        self.lock = threading.Lock()
        self.keys: list[Key] = []
        self.loaded_at: datetime | None = None

    def published(self, now: datetime) -> list[Key]:
        """The keys to publish, oldest first; makes the first one where there is none."""
        with self.lock:
            if self.loaded_at is None or not 0 <= (now - self.loaded_at).total_seconds() < CACHE_SECONDS:
                self.keys = load(self.key_set, now) or first(self.key_set, now)
                self.loaded_at = now
            return self.keys

    def forget(self) -> None:
        with self.lock:
            self.loaded_at = None


RINGS = {key_set: Ring(key_set) for key_set in SigningKey.KeySet}


def sign(key_set: SigningKey.KeySet, claims: dict[str, object], *, now: datetime, type_: str) -> str:
    """`claims` as a JWT under the key that signs at `now`; `type_` is the header's `typ`."""
    key = current(key_set, now)
    signed = f"{head(key.algorithm, key.kid, type_)}.{base64url(to_json(claims).encode())}"
    return f"{signed}.{base64url(signature(key.private, signed.encode()))}"


@lru_cache(maxsize=64)
def head(algorithm: str, kid: str, type_: str) -> str:
    return base64url(to_json({"alg": algorithm, "kid": kid, "typ": type_}).encode())


def signature(private: PrivateKey, signed: bytes) -> bytes:
    """As RFC 7518 wants it: PKCS #1, or the two numbers of ECDSA side by side (sections 3.3, 3.4)."""
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(signed, PKCS1, SHA256)
    r, s = decode_dss_signature(private.sign(signed, ECDSA))
    return r.to_bytes(P256_BYTES) + s.to_bytes(P256_BYTES)


def current(key_set: SigningKey.KeySet, now: datetime) -> Key:
    """The youngest key whose time to sign has come; the very first one has it always, since a
    request that began before another one made it must be answered too.
    """
    keys = RINGS[key_set].published(now)
    return max((key for key in keys if key.signs_from <= now), key=lambda key: key.signs_from, default=keys[0])


def public_set(*key_sets: SigningKey.KeySet, now: datetime) -> dict[str, list[dict[str, str]]]:
    """The JWK Set (RFC 7517) of the key sets: keys to come, the one that signs, ones not yet forgotten."""
    return {"keys": [key.public_jwk for key_set in key_sets for key in RINGS[key_set].published(now)]}


def find_public(key_set: SigningKey.KeySet, kid: str) -> jwt.PyJWK | None:
    """The public half of a key that ever signed for the key set, published or not any more."""
    row = SigningKey.objects.filter(key_set=key_set, kid=kid).first() if THUMBPRINT.match(kid) else None
    return jwt.PyJWK(row.public_jwk) if row else None


def rotate(now: datetime, *, at_once: bool = False) -> list[str]:
    """Publishes a new key for each set whose youngest is SIGNING_KEY_DAYS old (or `at_once`),
    and schedules the end of those it supersedes. The ids of the new keys.

    Repeatable: a second call finds the key that the first one published.
    """
    made = []
    for key_set in SigningKey.KeySet:
        with transaction.atomic():
            known = SigningKey.objects.filter(key_set=key_set)
            list(known.select_for_update())
            # Read anew: who had to wait for the lock has the rows of before, without the key that was made meanwhile.
            youngest = known.order_by("-signs_from").first()
            if youngest is None:
                made.append(first(key_set, now)[0].kid)
            elif youngest.signs_from <= now and (at_once or age(youngest, now).days >= settings.SIGNING_KEY_DAYS):
                successor = create(key_set, now, signs_from=now + PUBLISHED_BEFORE_SIGNING)
                retire_before(successor)
                made.append(successor.kid)
        RINGS[key_set].forget()
    return made


def age(key: SigningKey, now: datetime) -> timedelta:
    return now - key.signs_from


def retire_before(successor: SigningKey) -> None:
    """Older keys stay published until the last token they sign has expired, and a cache's time more."""
    lifetime = timedelta(seconds=settings.ACCESS_TOKEN_SECONDS + CACHE_SECONDS) + PUBLISHED_BEFORE_SIGNING
    SigningKey.objects.filter(
        key_set=successor.key_set, signs_from__lt=successor.signs_from, unpublished_at=None
    ).update(unpublished_at=successor.signs_from + lifetime)


def first(key_set: SigningKey.KeySet, now: datetime) -> list[Key]:
    """The key of a new deployment; of processes that make it at once, one does."""
    with suppress(IntegrityError), transaction.atomic():
        create(key_set, now, signs_from=now)
    return load(key_set, now)


def create(key_set: SigningKey.KeySet, now: datetime, *, signs_from: datetime) -> SigningKey:
    algorithm = ALGORITHMS[key_set]
    private = generate(algorithm)
    jwk = public_jwk(private, algorithm)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningKey.objects.create(
        kid=jwk["kid"],
        key_set=key_set,
        algorithm=algorithm,
        private_key=encrypt(pem.decode()),
        public_jwk=jwk,
        published_at=now,
        signs_from=signs_from,
    )


def generate(algorithm: str) -> PrivateKey:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(private: PrivateKey, algorithm: str) -> dict[str, str]:
    """The public half with `use`, `alg`, and the RFC 7638 thumbprint as `kid`."""
    if isinstance(private, ec.EllipticCurvePrivateKey):
        jwk = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
        members = ["crv", "kty", "x", "y"]
    else:
        jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        members = ["e", "kty", "n"]
    public = {name: str(jwk[name]) for name in members}
    canonical = "{" + ",".join(f'"{name}":"{public[name]}"' for name in members) + "}"
    return {**public, "use": "sig", "alg": algorithm, "kid": base64url(digest(canonical))}


def load(key_set: SigningKey.KeySet, now: datetime) -> list[Key]:
    rows = SigningKey.objects.filter(Q(unpublished_at=None) | Q(unpublished_at__gt=now), key_set=key_set).order_by(
        "signs_from"
    )
    return [load_key(row) for row in rows]


def load_key(row: SigningKey) -> Key:
    # Ours, as it was when it was made: decrypting it proves that, and whether its primes are such takes milliseconds.
    private = serialization.load_pem_private_key(
        decrypt(row.private_key).encode(), password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise TypeError(f"signing key {row.kid} is of a kind that no key set uses")
    return Key(row.kid, row.algorithm, private, row.public_jwk, row.signs_from)
