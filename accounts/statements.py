"""Raw statements of the token path, prepared on PostgreSQL.

Planning one of them takes three times as long as running it, and Django's own cursor never
prepares (docs/decisions/0004). On SQLite they run through Django's cursor.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection

Row = tuple[Any, ...]
Parameter = str | int | bytes | bool | UUID | datetime | list[str] | None


def on(*, postgresql: str, sqlite: str) -> str:
    """The one of two wordings that the configured database understands."""
    return postgresql if connection.vendor == "postgresql" else sqlite


def fetch_one(sql: str, parameters: Sequence[Parameter]) -> Row | None:
    """The first row that `sql` gives, or None. Commits by itself outside a transaction."""
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            return cursor.execute(sql, parameters, prepare=True).fetchone()
    with connection.cursor() as cursor:
        cursor.execute(sql, [plain(value) for value in parameters])
        row: Row | None = cursor.fetchone()
        return row


def plain(value: Parameter) -> Parameter:
    """As Django stores it on SQLite: UUIDs in hex, times as naive UTC text."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return str(as_time(value).astimezone(UTC).replace(tzinfo=None))
    return value


def as_uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def as_time(value: datetime | str) -> datetime:
    """SQLite hands times back without their zone, which is UTC, and computed ones as text."""
    value = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return value if value.tzinfo else value.replace(tzinfo=UTC)
