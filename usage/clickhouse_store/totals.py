"""What the events in ClickHouse add up to: held against the daily rollup, and against the generation they came from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from usage.clickhouse_store.server import ClickHouse, Row
from usage.clickhouse_store.table import COUNTED, NOBODY
from usage.metrics import NAMES, PEAKS
from usage.sql_store import closing, outbox, rebuilding
from usage.sql_store.days import Cells, ProjectDay
from usage.store import Difference

ONE_DAY = timedelta(days=1)
# Wider than a column, so that nothing goes round.
CELLS = ", ".join(
    f"maxOrNullIf({name}, {COUNTED}) AS total_{name}"
    if name in PEAKS
    else f"sumIf(toInt128(ifNull({name}, 0)), {COUNTED}) AS total_{name}"
    for name in NAMES
)
SUMS = ", ".join(f"sum(toInt128(ifNull({name}, 0))) AS total_{name}" for name in NAMES)


def differences(clickhouse: ClickHouse, first: date, last: date) -> Iterator[Difference]:
    """The cells of the rollup that differ, day by day. Of days that do not change any more."""
    while first <= last:
        yield from rebuilding.differing(rebuilding.stored_on(first), cells(clickhouse, first))
        first += ONE_DAY


def cells(clickhouse: ClickHouse, on: date) -> dict[ProjectDay, Cells]:
    rows = clickhouse.rows(
        f"SELECT project_id, {CELLS} FROM usage_event FINAL WHERE toDate(at) = {{day:Date}} "
        "AND generation >= {oldest:UInt16} AND project_id != {nobody:UUID} AND NOT is_adjustment GROUP BY project_id",
        {"day": on, "oldest": min(closing.kept_numbers()), "nobody": NOBODY},
    )
    return {(UUID(row["project_id"]), on): {name: row[f"total_{name}"] for name in NAMES} for row in rows}


def is_complete(clickhouse: ClickHouse, generation: int) -> bool:
    """Whether ClickHouse has of `generation` what PostgreSQL has: by day how many events, and what they come to."""
    rows = clickhouse.rows(
        "SELECT toDate(at) AS day, count() AS events, sum(is_taken_back) AS taken_back, "
        f"sum(is_adjustment) AS adjustments, {SUMS} "
        "FROM usage_event FINAL WHERE generation = {generation:UInt16} GROUP BY day",
        {"generation": generation},
    )
    return {day(row): numbers(row) for row in rows} == outbox.day_sums(generation)


def day(row: Row) -> date:
    return date.fromisoformat(row["day"])


def numbers(row: Row) -> tuple[int, ...]:
    sums = (row[f"total_{name}"] for name in NAMES)
    return (row["events"], row["taken_back"], row["adjustments"], *sums)
