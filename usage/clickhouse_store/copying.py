"""Brings what waits in the outbox to ClickHouse: at least once, by any number of workers.

Read from PostgreSQL, inserted into ClickHouse, removed from the outbox, in this order and in no common
transaction. Cut off in between, the batch is free again when its lease ends, and its rows replace themselves.
A batch that was read before an event was taken back may arrive after the one that says so: the latter stays.
"""

from __future__ import annotations

from datetime import datetime

from usage.clickhouse_store import table
from usage.clickhouse_store.server import ClickHouse
from usage.sql_store import closing, outbox

# Batches may be of one event each; then comes what is older than ClickHouse.
CLAIMS_A_ROUND = 50


def copy_due(clickhouse: ClickHouse, now: datetime) -> int:
    """Events that went. Raises EventsUnavailable; then what was claimed waits for the end of its lease."""
    if not outbox.is_copied():
        begin(clickhouse)
    return copy_batches(clickhouse, now) + copy_generation(clickhouse, now)


def begin(clickhouse: ClickHouse) -> None:
    """What ClickHouse has from an earlier time goes, but for what it alone has: the database may have been restored
    to a state that knows nothing of the newest."""
    with outbox.beginning() as is_ours:
        if is_ours:
            table.make(clickhouse)
            moved = {generation.number for generation in closing.moved()}
            for generation in set(table.generations(clickhouse)) - moved:
                table.drop(clickhouse, generation)
            outbox.begin()


def copy_batches(clickhouse: ClickHouse, now: datetime) -> int:
    count = 0
    for _ in range(CLAIMS_A_ROUND):
        if not (batches := outbox.claim(now)):
            break
        if events := outbox.events_of(batches):
            table.put(clickhouse, events)
        outbox.remove(batches)
        count += len(events)
    return count


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
