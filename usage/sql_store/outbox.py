"""What ClickHouse is still to get: rows of `OutgoingBatch`. PostgreSQL alone.

A batch is written in the transaction that counts its events or takes them back, and removed once ClickHouse
has them; who claims one has it leased. So each event goes at least once, and what goes twice is the same row there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from usage.metrics import NAMES
from usage.sql_store.gate import Gate, through
from usage.sql_store.rebuilding import BESIDE, day_column
from usage.sql_store.sql import Row, execute, fetch

# Well above what a delivery may take (`usage/clickhouse_store/server.py`).
LEASE = timedelta(seconds=120)
EVENTS_AT_ONCE = 20_000
BATCHES_AT_ONCE = 100
LOCK = 4_718_592_002  # of who begins: `house.LOCK` is the one before
EVER = (date(2000, 1, 1), date(9999, 12, 31))
AMOUNTS = ", ".join(f"e.{name}" for name in NAMES)


@dataclass(frozen=True, slots=True)
class Copied:
    """An event that ClickHouse is to get, or to get anew."""

    generation: int
    source_id: int
    event_id: bytes
    day: date


@dataclass(frozen=True, slots=True)
class Batch:
    """A claimed row. Without keys: all of the generation's events that come after `after`."""

    id: int
    generation: int
    source_ids: Sequence[int] | None
    event_ids: Sequence[bytes] | None
    after: tuple[int, bytes]


def put(generation: int) -> str:
    """The part of an ingest's statement that notes what it `inserted`, with source_id, event_id and at."""
    day = "(at AT TIME ZONE 'UTC')::date"
    return f""", outgoing AS (
    INSERT INTO usage_outgoingbatch (generation, first_day, last_day, source_ids, event_ids)
    SELECT {generation}, min({day}), max({day}), array_agg(source_id), array_agg(event_id)
    FROM inserted HAVING count(*) > 0
)"""


def note(gate: Gate, events: Sequence[Copied]) -> None:
    """Notes `events`, if they are copied at all."""
    by_generation: dict[int, list[Copied]] = defaultdict(list)
    for event in events if gate.is_copied else ():
        by_generation[event.generation].append(event)
    for generation, some in sorted(by_generation.items()):
        days = [each.day for each in some]
        execute(
            "INSERT INTO usage_outgoingbatch (generation, first_day, last_day, source_ids, event_ids) "
            "VALUES (%s, %s, %s, %s::int[], %s::bytea[])",
            [generation, min(days), max(days), [each.source_id for each in some], [each.event_id for each in some]],
        )


@contextmanager
def beginning() -> Iterator[bool]:
    """Whether the caller is the one to begin: nobody else does meanwhile."""
    [(is_ours,)] = fetch("SELECT pg_try_advisory_lock(%s)", [LOCK])
    try:
        yield is_ours and not is_copied()
    finally:
        if is_ours:
            execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def begin() -> None:
    """From now on everything is noted, and what is there already goes as well. Repeatable."""
    if not is_copied():
        through(note_all, shutting=True)


def note_all(gate: Gate) -> None:
    """No ingest is under way: what came before is in its generation, what comes after notes itself."""
    if gate.is_copied:
        return  # another worker did
    execute("UPDATE usage_ingestgate SET is_copied = true")
    execute(
        "INSERT INTO usage_outgoingbatch (generation, first_day, last_day) "
        "SELECT DISTINCT replace(relname, 'usage_event_', '')::int, %s::date, %s::date FROM pg_inherits "
        "JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'usage_event'::regclass",
        list(EVER),
    )


def end() -> int:
    """Nothing is noted any more, and what waits is forgotten: how many batches."""

    def forget(_gate: Gate) -> int:
        execute("UPDATE usage_ingestgate SET is_copied = false")
        return execute("DELETE FROM usage_outgoingbatch")

    return through(forget, shutting=True)


def is_copied() -> bool:
    return bool(fetch("SELECT 1 FROM usage_ingestgate WHERE is_copied"))


def is_waiting(first: date, last: date) -> bool:
    """Whether ClickHouse may lack something of these days that has been committed. One statement, of one moment."""
    return not fetch(
        "SELECT 1 FROM usage_ingestgate WHERE is_copied AND NOT EXISTS "
        "(SELECT 1 FROM usage_outgoingbatch WHERE first_day <= %s AND last_day >= %s)",
        [last, first],
    )


def again(generation: int) -> None:
    """All events of `generation` go once more."""
    execute(
        "INSERT INTO usage_outgoingbatch (generation, first_day, last_day) VALUES (%s, %s, %s)", [generation, *EVER]
    )


def claim(now: datetime, *, whole: bool = False) -> list[Batch]:
    """The batches that wait longest, leased to the caller: with keys, or one `whole` generation."""
    with transaction.atomic():
        rows = fetch(
            "SELECT id, generation, source_ids, event_ids, coalesce(after_source_id, -1), "
            "coalesce(after_event_id, ''::bytea) FROM usage_outgoingbatch "
            "WHERE (source_ids IS NULL) = %s AND (lease_until IS NULL OR lease_until <= %s) "
            "ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
            [whole, now, 1 if whole else BATCHES_AT_ONCE],
        )
        taken = list(fitting([batch(*row) for row in rows]))
        execute(
            "UPDATE usage_outgoingbatch SET lease_until = %s WHERE id = ANY(%s)",
            [now + LEASE, [each.id for each in taken]],
        )
    return taken


def batch(
    id_: int, generation: int, sources: list[int] | None, ids: list[bytes] | None, source: int, packed: bytes
) -> Batch:
    return Batch(id_, generation, sources, ids, (source, bytes(packed)))


def fitting(batches: Sequence[Batch]) -> Iterator[Batch]:
    """As many of the first ones as go at once."""
    count = 0
    for each in batches:
        yield each
        count += len(each.source_ids or ())
        if count >= EVENTS_AT_ONCE:
            return


EVENT = f"""
SELECT e.source_id, e.event_id, s.name, e.generation, e.project_id, e.at, e.client, e.delay_seconds,
    a.source_id IS NOT NULL, v.source_id IS NOT NULL, t.name, w.event_id, {AMOUNTS}
"""
AROUND = f"""
JOIN usage_source s ON s.id = e.source_id {BESIDE}
LEFT JOIN usage_void w ON e.project_id IS NULL
    AND w.by_source_id = e.source_id AND w.by_event_id = e.event_id AND w.by_generation = e.generation
LEFT JOIN usage_source t ON t.id = w.source_id
"""


def events_of(batches: Sequence[Batch]) -> list[Row]:
    """The rows (`EVENT`) of batches with keys, as they are now; none of what was dropped meanwhile."""
    keys: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
    for each in batches:
        keys[each.generation] += zip(each.source_ids or (), each.event_ids or (), strict=True)
    return [
        row
        for generation, some in sorted(keys.items())
        for row in fetch(
            f"{EVENT} FROM unnest(%s::int[], %s::bytea[]) AS k (source_id, event_id) JOIN usage_event e "
            f"ON e.source_id = k.source_id AND e.event_id = k.event_id AND e.generation = %s {AROUND}",
            [[source for source, _ in some], [packed for _, packed in some], generation],
        )
    ]


def next_events_of(whole: Batch) -> list[Row]:
    """The next rows of a whole generation, by key."""
    return fetch(
        f"{EVENT} FROM usage_event e {AROUND} WHERE e.generation = %s AND (e.source_id, e.event_id) > (%s, %s) "
        "ORDER BY e.source_id, e.event_id LIMIT %s",
        [whole.generation, *whole.after, EVENTS_AT_ONCE],
    )


def remove(batches: Sequence[Batch]) -> None:
    execute("DELETE FROM usage_outgoingbatch WHERE id = ANY(%s)", [[each.id for each in batches]])


def move_on(whole: Batch, after: tuple[int, bytes]) -> None:
    """The generation's events up to `after` are there; anybody may go on."""
    execute(
        "UPDATE usage_outgoingbatch SET after_source_id = %s, after_event_id = %s, lease_until = NULL WHERE id = %s",
        [*after, whole.id],
    )


def day_sums(generation: int) -> dict[date, tuple[int, ...]]:
    """By day: events, those taken back, adjustments, and what each metric comes to over all of them."""
    sums = ", ".join(f"coalesce(sum(e.{name}), 0)" for name in NAMES)
    rows = fetch(
        f"SELECT {day_column()} AS day, count(*), count(v.source_id), count(a.source_id), {sums} "
        f"FROM usage_event e {BESIDE} WHERE e.generation = %s GROUP BY day",
        [generation],
    )
    return {day: tuple(map(int, numbers)) for day, *numbers in rows}
