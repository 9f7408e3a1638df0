"""Plain statements on both databases: prepared on PostgreSQL, as `accounts/statements.py` says why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.statements import Parameter, Row, as_time, as_uuid, execute, fetch, is_postgresql, plain

__all__ = [
    "Row",
    "among",
    "as_day",
    "as_time",
    "as_uuid",
    "chunks",
    "day_of",
    "execute",
    "execute_many",
    "fetch",
    "is_postgresql",
]


def execute_many(sql: str, rows: Sequence[Sequence[Parameter]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        if not is_postgresql():
            rows = [[plain(value) for value in row] for row in rows]
        cursor.executemany(sql, rows)  # type: ignore[arg-type]  # as objects


def among(column: str, values: Sequence[UUID] | Sequence[str]) -> tuple[str, list[Parameter]]:
    """The condition that `column` is one of `values`, as one parameter however many there are."""
    if is_postgresql():
        return f"{column} = ANY(%s)", [list(values)]
    return f"{column} IN (SELECT value FROM json_each(%s))", [json.dumps([plain(value) for value in values])]


def chunks(values: Sequence[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def day_of(instant: datetime) -> date:
    """The UTC day, by Python alone: no session's time zone has a say in it."""
    return instant.astimezone(UTC).date()


def as_day(value: date | str) -> date:
    """SQLite gives a computed day as text."""
    return value if isinstance(value, date) else date.fromisoformat(value)
