"""The rows of the token path: how a grant is read and how it is written.

Each read is one statement from the client outwards. Each write is conditional on what was
read, so that a lost race changes nothing: on PostgreSQL one statement, on SQLite, which can't
write in a common table expression, the same ones in a transaction (docs/decisions/0004).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from accounts.statements import Parameter, as_time, as_uuid, fetch_one
from oauth_provider import access_tokens
from oauth_provider.client_authentication import (
    CLIENT_COLUMNS,
    CLIENT_WIDTH,
    Client,
    client_of,
    client_parameters,
)


@dataclass(frozen=True, slots=True)
class Binding:
    """The thumbprints that a new family and its first access token are bound to; "" for none."""

    family: str
    token: str

    @classmethod
    def of(cls, client: Client, jkt: str) -> "Binding":
        # A confidential client's refresh token is bound to its credentials (RFC 9449 section 5).
        return cls(jkt if client.is_public else "", jkt)


@dataclass(frozen=True, slots=True)
class CodeRow:
    digest: bytes
    application_id: int
    user_id: UUID
    email: str
    family_id: UUID
    redirect_uri: str
    scope: str
    resource: str | None  # the resource server's identifier; None for ours
    audience: str | None
    dpop_jkt: str
    code_challenge: str
    expires_at: datetime
    used_at: datetime | None
    # Not taken back, and granted by the person as they are now: active, with these credentials.
    is_current: bool

    def is_live(self, now: datetime) -> bool:
        return self.is_current and now < self.expires_at


@dataclass(frozen=True, slots=True)
class FamilyRow:
    id: UUID
    application_id: int
    user_id: UUID
    email: str
    scope: str
    resource: str | None
    audience: str | None
    dpop_jkt: str
    counter: int
    salt: bytes
    rotated_at: datetime | None
    expires_at: datetime
    is_current: bool

    def is_live(self, now: datetime) -> bool:
        return self.is_current and now < self.expires_at


FIND_CODE = f"""
SELECT {CLIENT_COLUMNS},
       c.digest, c.application_id, c.user_id, u.email, c.family_id, c.redirect_uri, c.scope,
       r.identifier, r.audience, c.dpop_jkt, c.code_challenge,
       c.expires_at, c.used_at,
       c.ended_at IS NULL AND u.is_active AND c.credentials_epoch = u.credentials_epoch
FROM oauth_provider_application a
LEFT JOIN oauth_provider_code c ON c.digest = %s
LEFT JOIN accounts_user u ON u.id = c.user_id
LEFT JOIN oauth_provider_resourceserver r ON r.id = c.resource_server_id
WHERE a.client_id = %s
"""


def find_code(client_id: str, digest: bytes, now: datetime) -> tuple[Client | None, CodeRow | None]:
    row = fetch_one(FIND_CODE, [*client_parameters(now), digest, client_id])
    if row is None or row[CLIENT_WIDTH] is None:
        return client_of(row), None
    (
        stored,
        application_id,
        user_id,
        email,
        family_id,
        redirect_uri,
        scope,
        resource,
        audience,
        dpop_jkt,
        challenge,
        expires_at,
        used_at,
        current,
    ) = row[CLIENT_WIDTH:]
    code = CodeRow(
        bytes(stored),
        application_id,
        as_uuid(user_id),
        email,
        as_uuid(family_id),
        redirect_uri,
        scope,
        resource,
        audience,
        dpop_jkt,
        challenge,
        as_time(expires_at),
        used_at and as_time(used_at),
        bool(current),
    )
    return client_of(row), code


FIND_FAMILY = f"""
SELECT {CLIENT_COLUMNS},
       f.id, f.application_id, f.user_id, u.email, f.scope, r.identifier, r.audience, f.dpop_jkt, f.counter, f.salt,
       f.rotated_at, f.expires_at,
       f.ended_at IS NULL AND u.is_active AND f.credentials_epoch = u.credentials_epoch
FROM oauth_provider_application a
LEFT JOIN oauth_provider_tokenfamily f ON f.id = %s
LEFT JOIN accounts_user u ON u.id = f.user_id
LEFT JOIN oauth_provider_resourceserver r ON r.id = f.resource_server_id
WHERE a.client_id = %s
"""


def find_family(client_id: str, family_id: UUID | None, now: datetime) -> tuple[Client | None, FamilyRow | None]:
    row = fetch_one(FIND_FAMILY, [*client_parameters(now), family_id, client_id])
    if row is None or row[CLIENT_WIDTH] is None:
        return client_of(row), None
    (
        id_,
        application_id,
        user_id,
        email,
        scope,
        resource,
        audience,
        dpop_jkt,
        counter,
        salt,
        rotated_at,
        expires_at,
        current,
    ) = row[CLIENT_WIDTH:]
    family = FamilyRow(
        as_uuid(id_),
        application_id,
        as_uuid(user_id),
        email,
        scope,
        resource,
        audience,
        dpop_jkt,
        counter,
        bytes(salt),
        rotated_at and as_time(rotated_at),
        as_time(expires_at),
        bool(current),
    )
    return client_of(row), family


USE_CODE = """
UPDATE oauth_provider_code SET used_at = %s
WHERE digest = %s AND used_at IS NULL AND ended_at IS NULL
RETURNING family_id, application_id, user_id, scope, resource_server_id, credentials_epoch, authenticated_at
"""
INSERT_FAMILY = """
INSERT INTO oauth_provider_tokenfamily (id, application_id, user_id, scope, resource_server_id, credentials_epoch,
                                        authenticated_at, counter, salt, created_at, last_used_at, expires_at,
                                        dpop_jkt, end_reason)
"""
INSERT_TOKEN = """
INSERT INTO oauth_provider_accesstoken (digest, application_id, family_id, scope, resource_server_id, created_at,
                                        expires_at, dpop_jkt)
"""
USE_DEVICE_CODE = """
UPDATE oauth_provider_devicegrant SET used_at = %s
WHERE digest = %s AND approved_at IS NOT NULL AND used_at IS NULL AND ended_at IS NULL
RETURNING family_id, application_id, user_id, scope, resource_server_id, credentials_epoch, authenticated_at
"""
REDEEM = """
WITH used AS ({use}), family AS (
    {insert_family}
    SELECT family_id, application_id, user_id, scope, resource_server_id, credentials_epoch, authenticated_at,
           0, %s::bytea, %s::timestamptz, %s::timestamptz, %s::timestamptz, %s::text, '' FROM used
)
{insert_token}
SELECT %s::bytea, application_id, family_id, scope, resource_server_id, %s::timestamptz, %s::timestamptz, %s::text
FROM used
RETURNING 1
"""


def redeem(code: CodeRow, binding: Binding, token_digest: bytes, salt: bytes, now: datetime) -> bool:
    """Uses the code up and begins its family with a first access token; False if it was used or ended."""
    return begin_family(USE_CODE, code.digest, binding, token_digest, salt, now)


def redeem_device(device_digest: bytes, binding: Binding, token_digest: bytes, salt: bytes, now: datetime) -> bool:
    """The same for a device code; False also if nobody has allowed it."""
    return begin_family(USE_DEVICE_CODE, device_digest, binding, token_digest, salt, now)


def begin_family(
    use: str, used_digest: bytes, binding: Binding, token_digest: bytes, salt: bytes, now: datetime
) -> bool:
    ends = now + timedelta(seconds=settings.REFRESH_TOKEN_SECONDS)
    family: list[Parameter] = [salt, now, now, ends, binding.family]
    token: list[Parameter] = [now, access_tokens.expiry(now), binding.token]
    if connection.vendor == "postgresql":
        redeem = REDEEM.format(use=use, insert_family=INSERT_FAMILY, insert_token=INSERT_TOKEN)
        return fetch_one(redeem, [now, used_digest, *family, token_digest, *token]) is not None
    with transaction.atomic():
        used = fetch_one(use, [now, used_digest])
        if used is None:
            return False
        fetch_one(INSERT_FAMILY + "VALUES (%s, %s, %s, %s, %s, %s, %s, 0, %s, %s, %s, %s, %s, '')", [*used, *family])
        family_id, application_id, _, scope, server_id, *_ = used
        fetch_one(
            INSERT_TOKEN + "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [token_digest, application_id, family_id, scope, server_id, *token],
        )
    return True


MOVE_FAMILY = """
UPDATE oauth_provider_tokenfamily
SET counter = %s, last_used_at = %s, rotated_at = CASE WHEN counter = %s THEN rotated_at ELSE %s END
WHERE id = %s AND counter = %s AND ended_at IS NULL
RETURNING id, application_id, resource_server_id
"""
REFRESH = f"""
WITH family AS ({MOVE_FAMILY})
{INSERT_TOKEN}
SELECT %s::bytea, application_id, id, %s::text, resource_server_id, %s::timestamptz, %s::timestamptz, %s::text
FROM family
RETURNING 1
"""


def refresh(family: FamilyRow, counter: int, scope: str, jkt: str, token_digest: bytes, now: datetime) -> bool:
    """Moves the family from the counter that was read to `counter` and adds an access token;
    False if it was moved or ended since.
    """
    move: list[Parameter] = [counter, now, counter, now, family.id, family.counter]
    token: list[Parameter] = [now, access_tokens.expiry(now), jkt]
    if connection.vendor == "postgresql":
        return fetch_one(REFRESH, [*move, token_digest, scope, *token]) is not None
    with transaction.atomic():
        moved = fetch_one(MOVE_FAMILY, move)
        if moved is None:
            return False
        family_id, application_id, server_id = moved
        fetch_one(
            INSERT_TOKEN + "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [token_digest, application_id, family_id, scope, server_id, *token],
        )
    return True


def insert_machine_token(
    application_id: int, token_digest: bytes, scope: str, server_id: int | None, jkt: str, now: datetime
) -> None:
    fetch_one(
        INSERT_TOKEN + "VALUES (%s, %s, NULL, %s, %s, %s, %s, %s) RETURNING 1",
        [token_digest, application_id, scope, server_id, now, access_tokens.expiry(now), jkt],
    )
