"""What `bench/outbox.py` measures, in the database that was made for it. Prints the table's rows as JSON."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.core.management import call_command

from bench.usage_child import LARGE, PROJECTS, make_projects, rate
from bench.usage_clients import recorder
from usage.clickhouse_store import copying
from usage.clickhouse_store.server import Row, Value, lines
from usage.sql_store import outbox
from usage.sql_store.clock import clock
from usage.sql_store.sql import execute

ROUNDS = 5
CLIENTS = 4


class Nowhere:
    """Rows are written as they would be sent."""

    def rows(self, statement: str, parameters: dict[str, Value] | None = None) -> list[Row]:
        return []

    def insert(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        lines(rows)


def main() -> list[list[str]]:
    call_command("migrate", verbosity=0)
    projects = make_projects(LARGE, PROJECTS)
    rate(CLIENTS, recorder, projects, 1000)
    rows = [ingest(projects, batch) for batch in (1, 100, 1000)]
    return [*rows, ["read for ClickHouse", "", f"{copied():,.0f}/s", ""]]


def ingest(projects: list[UUID], batch: int) -> list[str]:
    off, on = [], []
    for _ in range(ROUNDS):
        outbox.end()
        off.append(rate(CLIENTS, recorder, projects, batch))
        outbox.begin()
        on.append(rate(CLIENTS, recorder, projects, batch))
    without, with_ = statistics.median(off), statistics.median(on)
    what = f"store, batch {batch:,}, {CLIENTS} clients"
    return [what, f"{without:,.0f}/s", f"{with_:,.0f}/s", f"{with_ / without:.2f}"]


def copied() -> float:
    """Events a second, of the batches of 1,000 that wait."""
    execute("DELETE FROM usage_outgoingbatch WHERE source_ids IS NULL")
    begun, count, now = time.perf_counter(), 0, clock()
    while done := copying.copy_batches(Nowhere(), now):
        count += done
    return count / (time.perf_counter() - begun)


if __name__ == "__main__":
    json.dump(main(), sys.stdout)
