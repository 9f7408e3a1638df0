"""Brings what waits in the outbox to ClickHouse: at least once, by any number of workers.

Read from PostgreSQL, inserted into ClickHouse, removed from the outbox, in this order and in no common
transaction. Cut off in between, the batch is free again when its lease ends, and its rows replace themselves.
A batch that was read before an event was taken back may arrive after the one that says so: the latter stays.
"""

from __future__ import annotations

from datetime import datetime

from usage.clickhouse_store import table
from usage.clickhouse_store.server import ClickHouse
from usage.sql_store import outbox


def copy_due(clickhouse: ClickHouse, now: datetime) -> int:
    """Events that went. Raises EventsUnavailable; then what was claimed waits for the end of its lease."""
    if not outbox.is_copied():
        table.make(clickhouse)
        outbox.begin()
    return copy_batches(clickhouse, now) + copy_generation(clickhouse, now)


def copy_batches(clickhouse: ClickHouse, now: datetime) -> int:
    batches = outbox.claim(now)
    events = outbox.events_of(batches)
    if events:
        table.put(clickhouse, events)
    if batches:
        outbox.remove(batches)
    return len(events)


def copy_generation(clickhouse: ClickHouse, now: datetime) -> int:
    """A part of one that was there before ClickHouse was, or is to go once more."""
    count = 0
    for batch in outbox.claim(now, whole=True):
        events = outbox.next_events_of(batch)
        count += len(events)
        if events:
            table.put(clickhouse, events)
            outbox.move_on(batch, (events[-1][0], bytes(events[-1][1])))
        else:
            outbox.remove([batch])
    return count
