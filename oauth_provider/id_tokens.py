"""ID tokens: what an authorization with `openid` remembers for them, and what they say.

The issuer is the deployment's base URL, as in the discovery document; the `iss` of access
tokens is a setting of its own. Source: oauth.md, "token"; OpenID Connect Core sections 2,
3.1.3.6 and 12.2.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef

from accounts.models import User
from accounts.sign_ins import SignIn
from oauth_provider import claims, client_sessions, keys
from oauth_provider.authentication import Person
from oauth_provider.models import Application, OpenIdGrant, SigningKey
from oauth_provider.opaque import base64url


def is_wanted(scope: str) -> bool:
    return "openid" in scope.split()


def remember(
    family_id: UUID, application: Application, user: User, *, sign_in: SignIn, nonce: str, now: datetime
) -> None:
    """Keeps, for the family that an authorization begins, what its ID tokens will say."""
    longest = timedelta(seconds=settings.CODE_SECONDS + settings.REFRESH_TOKEN_SECONDS)
    OpenIdGrant.objects.create(
        family_id=family_id,
        user=user,
        nonce=nonce,
        sid=client_sessions.enter(application, user, sign_in.session_key, now),
        methods=" ".join(sign_in.methods),
        authenticated_at=sign_in.at,
        expires_at=now + longest,
    )


def issue(
    family_id: UUID, *, client_id: str, scope: str, access_token: str, now: datetime, is_first: bool
) -> str | None:
    """The ID token beside `access_token`, None without `openid` in `scope`.

    Only the first of a family has the request's nonce; `auth_time` and `sid` never change.
    """
    if not is_wanted(scope):
        return None
    verified = EmailAddress.objects.filter(user=OuterRef("user"), verified=True, email__iexact=OuterRef("user__email"))
    kept = OpenIdGrant.objects.select_related("user").annotate(email_verified=Exists(verified)).get(pk=family_id)
    said: dict[str, object] = {
        **claims.about(person_of(kept.user, email_verified=kept.email_verified), scope),
        **envelope(client_id, now, settings.ACCESS_TOKEN_SECONDS),
        "auth_time": int(kept.authenticated_at.timestamp()),
        "at_hash": left_half(access_token),
        "sid": kept.sid,
    }
    if kept.methods:
        said["amr"] = kept.methods.split()
    if kept.nonce and is_first:
        said["nonce"] = kept.nonce
    return keys.sign(SigningKey.KeySet.OPENID, said, now=now, type_="JWT")


def envelope(client_id: str, now: datetime, seconds: int) -> dict[str, object]:
    """From whom, for whom, from when to when."""
    issued_at = int(now.timestamp())
    return {"iss": settings.BASE_URL, "aud": client_id, "iat": issued_at, "exp": issued_at + seconds}


def person_of(user: User, *, email_verified: bool) -> Person:
    return Person(user.pk, user.email, user.name, user.avatar_url, user.created_at, email_verified)


def left_half(access_token: str) -> str:
    """`at_hash`: half of the hash that the algorithm of the ID token uses, which is SHA-256."""
    return base64url(hashlib.sha256(access_token.encode()).digest()[:16])


@dataclass(frozen=True, slots=True)
class Hint:
    """Whom an ID token that comes back to us speaks of, and to which client it was given."""

    client_id: str
    user_id: str
    sid: str


def read_hint(token: str) -> Hint | None:
    """What an `id_token_hint` says if we signed it, however long ago; else None.

    Expired ones are fine (RP-Initiated Logout section 2): they name somebody and open nothing.
    """
    try:
        header = jwt.get_unverified_header(token)
        key = keys.find_public(SigningKey.KeySet.OPENID, str(header.get("kid")))
        if key is None or header.get("typ") != "JWT":
            return None
        said = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=settings.BASE_URL,
            options={"verify_exp": False, "verify_aud": False, "verify_iat": False},
        )
    except jwt.PyJWTError:
        return None
    return Hint(said["aud"], said["sub"], said["sid"])
