"""Raw statements, prepared on PostgreSQL; on SQLite they run through Django's cursor.

Planning one of the token path takes three times as long as running it, and Django's own cursor
never prepares (docs/decisions/0004). The driver's would, for twice the time that sending and
reading take: so they go through libpq itself (docs/decisions/0175).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.utils import CursorWrapper
from psycopg import abc
from psycopg.adapt import AdaptersMap, PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

Row = tuple[Any, ...]
Parameter = object  # what the driver of either database takes
Parameters = Sequence[Parameter] | Mapping[str, Parameter]
Answer = tuple[abc.Transformer, PGresult]

PLACEHOLDER = re.compile(r"%%|%s|%\((?P<name>\w+)\)s")
KEPT = 200  # statements of one connection: some have a table's number in them
INSTANT = psycopg.adapters.types["timestamptz"].oid
numbers = count()


class Context:
    """How values and rows of a connection are turned: as Django set it, but for instants.

    Those are aware and UTC by the driver's own loader too; Django's is in Python and takes a sixth of a bearer's read.
    """

    def __init__(self, opened: psycopg.Connection) -> None:
        self.connection = opened
        self.adapters = known_to(opened).adapters


class Known:
    """What is known of a connection for as long as it is open, which must not hold it."""

    def __init__(self, opened: psycopg.Connection) -> None:
        # Names of what it has prepared, by a statement and the types of its parameters.
        self.prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self.adapters = AdaptersMap(opened.adapters)
        if loader := psycopg.adapters.get_loader(INSTANT, Format.TEXT):
            self.adapters.register_loader(INSTANT, loader)


known: WeakKeyDictionary[psycopg.Connection, Known] = WeakKeyDictionary()


def known_to(opened: psycopg.Connection) -> Known:
    return known.get(opened) or known.setdefault(opened, Known(opened))


@cache
def is_postgresql() -> bool:
    """Asked many times a call, and the same for a process's life."""
    return connection.vendor == "postgresql"


def on(*, postgresql: str, sqlite: str) -> str:
    """The one of two wordings that the configured database understands."""
    return postgresql if is_postgresql() else sqlite


def fetch_one(sql: str, parameters: Parameters = ()) -> Row | None:
    """The first row that `sql` gives, or None. Commits by itself outside a transaction.

    Parameters by name on PostgreSQL alone; so with all of these.
    """
    if is_postgresql():
        adapter, result = run(sql, parameters)
        return adapter.load_row(0, tuple) if result.ntuples else None
    with run_plain(sql, parameters) as cursor:
        row: Row | None = cursor.fetchone()
        return row


def fetch(sql: str, parameters: Parameters = ()) -> list[Row]:
    if is_postgresql():
        adapter, result = run(sql, parameters)
        return adapter.load_rows(0, result.ntuples, tuple)
    with run_plain(sql, parameters) as cursor:
        return list(cursor.fetchall())


def execute(sql: str, parameters: Parameters = ()) -> int:
    """How many rows it touched."""
    if is_postgresql():
        return run(sql, parameters)[1].command_tuples or 0
    with run_plain(sql, parameters) as cursor:
        return int(cursor.rowcount)


def run_plain(sql: str, parameters: Parameters) -> CursorWrapper:
    cursor = connection.cursor()
    cursor.execute(sql, [plain(value) for value in parameters])  # type: ignore[misc]  # as objects
    return cursor


def run(sql: str, parameters: Parameters) -> Answer:
    held = connections[DEFAULT_DB_ALIAS]  # once: `connection` looks it up anew at each use
    held.ensure_connection()
    with held.wrap_database_errors:
        return run_prepared(held.connection, sql, parameters)


def run_prepared(opened: psycopg.Connection, sql: str, parameters: Parameters) -> Answer:
    """Raises the driver's errors. Begins a transaction where the driver would."""
    if not opened.autocommit and opened.pgconn.transaction_status == TransactionStatus.IDLE:
        checked(opened, opened.pgconn.exec_(b"BEGIN"))
    text, names = numbered(sql)
    adapter = Transformer(Context(opened))
    given = [parameters[name] for name in names] if isinstance(parameters, Mapping) else parameters
    values = adapter.dump_sequence(given, [PyFormat.AUTO] * len(given))
    statement = prepare(opened, sql, text, adapter.types or ())
    # None is NULL to it, which its annotation does not say.
    result = checked(opened, opened.pgconn.exec_prepared(statement, values, adapter.formats))  # type: ignore[arg-type]
    adapter.set_pgresult(result)
    return adapter, result


def prepare(opened: psycopg.Connection, sql: str, text: bytes, types: tuple[int, ...]) -> bytes:
    """The name of the statement, which this connection is told when it first needs it."""
    prepared = known_to(opened).prepared
    if name := prepared.get((sql, types)):
        return name
    if len(prepared) == KEPT:
        checked(opened, opened.pgconn.exec_(b"DEALLOCATE ALL"))
        prepared.clear()
    name = b"gatehouse_%d" % next(numbers)
    checked(opened, opened.pgconn.prepare(name, text, types))
    prepared[sql, types] = name
    return name


def checked(opened: psycopg.Connection, result: PGresult) -> PGresult:
    """`result`, unless the statement was refused or its connection is gone."""
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return result
    if opened.pgconn.status == ConnStatus.BAD:
        raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
    raise error_from_result(result)


@cache
def numbered(sql: str) -> tuple[bytes, list[str]]:
    """`sql` as the server wants it, $1 and so on for its placeholders, and the names of these if they have any."""
    places: dict[str, str] = {}

    def place(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        return places.setdefault(found["name"] or str(len(places)), f"${len(places) + 1}")

    return PLACEHOLDER.sub(place, sql).encode(), list(places)


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
