"""What `bench/outbox.py` measures, in the database that was made for it. Prints the table's rows as JSON."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.core.management import call_command

from bench.usage_child import LARGE, PROJECTS, make_projects, ms
from bench.usage_clients import SENDER, made_ahead
from usage.clickhouse_store import copying
from usage.clickhouse_store.server import Row, Value, lines
from usage.sql_store import outbox, store
from usage.sql_store.sql import execute

TURNS = {1: 400, 100: 200, 1000: 40}  # by the batch's size: how many with the outbox off, and as many with it on


class Nowhere:
    """Rows are written as they would be sent."""

    def rows(self, statement: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        return []

    def insert(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        lines(rows)


def main() -> list[list[str]]:
    call_command("migrate", verbosity=0)
    projects = make_projects(LARGE, PROJECTS)
    outbox.begin()
    outbox.remove(outbox.claim(store.clock(), whole=True))
    rows = [ingest(projects, batch, turns) for batch, turns in TURNS.items()]
    return [*rows, ["read for ClickHouse, 1,000 events", "", copied(), ""]]


def ingest(projects: list[UUID], batch: int, turns: int) -> list[str]:
    """The median of a batch, each second one with the outbox on."""
    times: dict[bool, list[float]] = {False: [], True: []}
    for number, events in enumerate(made_ahead(projects, batch, batch)[: 2 * turns]):
        is_on = number % 2 == 1
        execute("UPDATE usage_ingestgate SET is_copied = %s", [is_on])
        now, begun = store.clock(), time.perf_counter()
        store.record(SENDER, events, now)
        times[is_on].append(time.perf_counter() - begun)
    off, on = (statistics.median(times[is_on]) for is_on in (False, True))
    return [f"store, batch {batch:,}", ms(off), ms(on), f"{on / off:.2f}"]


def copied() -> str:
    """Of all that waits."""
    begun, count, now = time.perf_counter(), 0, store.clock()
    while done := copying.copy_batches(Nowhere(), now):
        count += done
    return ms((time.perf_counter() - begun) / count * 1000)


if __name__ == "__main__":
    json.dump(main(), sys.stdout)
