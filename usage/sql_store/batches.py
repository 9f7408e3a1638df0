"""A batch on PostgreSQL: inserted and rolled up by one statement.

Rows are sorted, by key and by day, so that two batches that meet wait for each other in one order
and do not deadlock (metering.md, traps 1 and 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from usage.metrics import NAMES, PEAKS, SUMS
from usage.sql_store import ledger, outbox
from usage.sql_store.gate import Gate
from usage.sql_store.judging import Key, Sent
from usage.sql_store.sql import day_of, fetch
from usage.store import Recorded, Sender

DAY = "(at AT TIME ZONE 'UTC')::date"


def insert(gate: Gate, sender: Sender, now: datetime, events: Sequence[Sent]) -> set[Key]:
    """Counts `events`, each key once; gives the keys that were there already."""
    if not events:
        return set()
    sources = ledger.source_ids({each.key[0] for each in events}, make=True)
    recorded = [each.event for each in events if isinstance(each.event, Recorded)]
    present = tuple(name for name in NAMES if any(name in event.amounts for event in recorded))
    is_late = any(day_of(event.at) < gate.first_open_day for event in recorded)
    posted_on = max(day_of(now), gate.first_open_day)
    rows = fetch(
        statement(gate.generation, present, is_late, gate.is_copied),
        [
            [sources[each.key[0]] for each in events],
            [each.key[1] for each in events],
            [event.at for event in recorded],
            [event.project for event in recorded],
            [ledger.delay_seconds(event.at, now) for event in recorded],
            *([event.amounts.get(name) for event in recorded] for name in present),
            sender.client,
            *([gate.first_open_day, posted_on, gate.first_open_day] if is_late else []),
        ],
    )
    names = {number: name for name, number in sources.items()}
    return {(names[source], bytes(packed)) for source, packed in rows}


@lru_cache(maxsize=256)
def statement(generation: int, present: tuple[str, ...], is_late: bool, is_copied: bool) -> str:
    """The text for a batch with these metrics; `is_late`: with events of closed months."""
    amounts = "".join(f", {name}" for name in present)
    types = "".join(", %s::bigint[]" for _ in present)
    before = (
        f"WHERE NOT EXISTS (SELECT FROM usage_event_{generation - 1} p "
        "WHERE p.source_id = sent.source_id AND p.event_id = sent.event_id)"
        if generation > 1
        else ""
    )
    put = outbox.put(generation) if is_copied else ""
    return f"""
WITH sent AS (
    SELECT * FROM unnest(%s::int[], %s::bytea[], %s::timestamptz[], %s::uuid[], %s::int[]{types})
        AS sent (source_id, event_id, at, project_id, delay_seconds{amounts})
), inserted AS (
    INSERT INTO usage_event_{generation}
        (source_id, event_id, at, project_id, delay_seconds{amounts}, client, generation)
    SELECT sent.*, %s, {generation} FROM sent {before} ORDER BY source_id, event_id
    ON CONFLICT DO NOTHING RETURNING source_id, event_id, project_id, at{amounts}
){rollup(present, is_late)}{adjustments(generation, present) if is_late else ""}{put}
SELECT source_id, event_id FROM sent EXCEPT ALL SELECT source_id, event_id FROM inserted
"""


def rollup(present: Sequence[str], is_late: bool) -> str:
    folded = ", ".join(f"max({name})" if name in PEAKS else f"coalesce(sum({name}), 0)" for name in present)
    changes = ", ".join(
        f"{name} = GREATEST(d.{name}, excluded.{name})" if name in PEAKS else f"{name} = d.{name} + excluded.{name}"
        for name in present
    )
    return f""", rolled AS (
    INSERT INTO usage_daily AS d (project_id, day, {", ".join(present)})
    SELECT project_id, {DAY}, {folded} FROM inserted {f"WHERE {DAY} >= %s" if is_late else ""}
    GROUP BY 1, 2 ORDER BY 1, 2 ON CONFLICT (project_id, day) DO UPDATE SET {changes}
)"""


def adjustments(generation: int, present: Sequence[str]) -> str:
    sums = [name for name in present if name in SUMS]
    zero = [name for name in SUMS if name not in present]
    columns = "".join(f", {name}" for name in (*sums, *zero))
    values = "".join([*(f", coalesce({name}, 0)" for name in sums), *(", 0" for _ in zero)])
    return f""", adjusted AS (
    INSERT INTO usage_adjustment
        (project_id, original_day, posted_on, source_id, event_id, generation, is_void{columns})
    SELECT project_id, {DAY}, %s, source_id, event_id, {generation}, false{values}
    FROM inserted WHERE {DAY} < %s
)"""
