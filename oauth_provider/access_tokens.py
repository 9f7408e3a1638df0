"""What an access token says: a JWT of the token key set. Source: oauth.md, "token"."""

import uuid
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from oauth_provider import keys
from oauth_provider.models import SigningKey


def sign_for_person(
    *, user_id: UUID, email: str, client_id: str, scope: str, audience: str | None, jkt: str, now: datetime
) -> str:
    """`audience` None: our own API; `jkt`: the thumbprint it is bound to, "" for none."""
    return sign({"sub": str(user_id), "email": email}, client_id, scope, audience, jkt, now)


def sign_for_machine(*, client_id: str, scope: str, audience: str | None, jkt: str, now: datetime) -> str:
    return sign({"sub": client_id}, client_id, scope, audience, jkt, now)


def sign(subject: dict[str, object], client_id: str, scope: str, audience: str | None, jkt: str, now: datetime) -> str:
    issued_at = int(now.timestamp())
    claims: dict[str, object] = {
        **subject,
        "role": "authenticated",
        "client_id": client_id,
        "scope": scope,
        "iat": issued_at,
        "exp": issued_at + settings.ACCESS_TOKEN_SECONDS,
        "iss": settings.TOKEN_ISSUER,
        "aud": audience or settings.TOKEN_AUDIENCE,
        "jti": uuid.uuid4().hex,
        **({"cnf": {"jkt": jkt}} if jkt else {}),
    }
    return keys.sign(SigningKey.KeySet.TOKEN, claims, now=now, type_="at+jwt")


def expiry(now: datetime) -> datetime:
    """When a token signed at `now` ends: the second that its `exp` says."""
    return now.replace(microsecond=0) + timedelta(seconds=settings.ACCESS_TOKEN_SECONDS)
