"""The rows of events and of their sources."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from usage.metrics import NAMES
from usage.sql_store.gate import Gate
from usage.sql_store.judging import Content, Key, Sent
from usage.sql_store.sql import Row, among, as_time, as_uuid, chunks, execute, execute_many, fetch, is_postgresql
from usage.store import Recorded, Sender

AMOUNTS = ", ".join(NAMES)
COLUMNS = f"at, {AMOUNTS}, source_id, client, delay_seconds, generation, project_id, event_id"
INSERT = f"INSERT INTO usage_event ({COLUMNS}) VALUES ({', '.join(['%s'] * (len(NAMES) + 7))})"
KEYS_A_STATEMENT = 400
ONE_SECOND = timedelta(seconds=1)


def source_ids(names: Collection[str], *, make: bool = False) -> dict[str, int]:
    """The numbers of the sources that are known; with `make` of all."""
    condition, parameters = among("name", list(names))
    statement = "SELECT name, id FROM usage_source WHERE " + condition
    found: dict[str, int] = dict(fetch(statement, parameters))
    missing = sorted(set(names) - set(found)) if make else []
    if missing:
        for name in missing:  # in one order: two that make the same ones wait and do not deadlock
            execute("INSERT INTO usage_source (name) VALUES (%s) ON CONFLICT DO NOTHING", [name])
        found = dict(fetch(statement, parameters))
    return found


# Numbers of sources that stand in the database for good: a row of theirs is never changed or removed.
KNOWN: dict[str, int] = {}
MOST_KNOWN = 10_000


def numbers(names: Collection[str]) -> Mapping[str, int]:
    """`source_ids` of all, made if need be; what was there before is looked up once a process.

    Not kept is what a transaction that may still be undone has made: by this call, or by an
    earlier one inside a transaction of the caller's.
    """
    if all(name in KNOWN for name in names):
        return KNOWN
    found = source_ids(names)
    if not connection.savepoint_ids:
        if len(KNOWN) + len(found) > MOST_KNOWN:
            KNOWN.clear()
        KNOWN.update(found)
    return found if len(found) == len(names) else source_ids(names, make=True)


def find(what: str, keys: Collection[Key], more: str, parameters: Sequence[object]) -> list[Row]:
    """`what` of the events `e` that have one of `keys`; `s.name` is the source's. `more`: joins, conditions, order."""
    ids = source_ids({source for source, _ in keys})
    numbered = sorted((ids[source], packed) for source, packed in keys if source in ids)
    return [row for some in chunks(numbered, KEYS_A_STATEMENT) for row in find_some(what, some, more, parameters)]


def find_some(what: str, keys: Sequence[tuple[int, bytes]], more: str, parameters: Sequence[object]) -> list[Row]:
    k, values = "SELECT * FROM unnest(%s::int[], %s::bytea[])", columns(keys)
    if not is_postgresql():
        k, values = f"VALUES {', '.join(['(%s, %s)'] * len(keys))}", [value for key in keys for value in key]
    return fetch(
        f"WITH k (source_id, event_id) AS ({k}) SELECT {what} FROM k "
        "JOIN usage_event e ON e.source_id = k.source_id AND e.event_id = k.event_id "
        f"JOIN usage_source s ON s.id = e.source_id {more}",
        [*values, *parameters],
    )


def columns(rows: Sequence[Sequence[object]]) -> list[object]:
    return [list(column) for column in zip(*rows, strict=True)]


# Of a void: the source and the packed id of what it takes back.
VOIDS = """
    LEFT JOIN usage_void v ON e.project_id IS NULL
        AND v.by_source_id = e.source_id AND v.by_event_id = e.event_id AND v.by_generation = e.generation
    LEFT JOIN usage_source t ON t.id = v.source_id
"""


def contents(keys: Collection[Key], gate: Gate) -> dict[Key, Content]:
    """What is stored under `keys` in the newest generation or the one before."""
    rows = find(
        f"s.name, e.event_id, e.at, e.project_id, t.name, v.event_id, {AMOUNTS}",
        set(keys),
        f"{VOIDS} WHERE e.generation >= %s",
        [gate.generation - 1],
    )
    return {(source, bytes(packed)): content(*stored) for source, packed, *stored in rows}


def content(at: datetime, project: UUID | str | None, voided: str | None, packed: bytes, *amounts: int) -> Content:
    if project is None:
        return (as_time(at), voided, bytes(packed))
    return (as_uuid(project), as_time(at), *amounts)


def row(each: Sent, sender: Sender, gate: Gate, sources: Mapping[str, int], now: datetime) -> list[object]:
    """The row of an event; of a void without project and amounts."""
    event = each.event
    return [
        event.at,
        *(map(event.amounts.get, NAMES) if isinstance(event, Recorded) else [None] * len(NAMES)),
        sources[each.key[0]],
        sender.client,
        delay_seconds(event.at, now),
        gate.generation,
        event.project if isinstance(event, Recorded) else None,
        each.key[1],
    ]


def delay_seconds(at: datetime, now: datetime) -> int:
    return (now - at) // ONE_SECOND


def insert(rows: Sequence[Sequence[object]]) -> None:
    execute_many(INSERT, rows)
