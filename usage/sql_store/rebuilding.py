"""The daily rows made again from the events: to check them, to repair them, and after a void."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from usage.metrics import NAMES, PEAKS
from usage.sql_store import days
from usage.sql_store.days import Cells, ProjectDay
from usage.sql_store.gate import Gate, through
from usage.sql_store.sql import Row, as_day, as_uuid, fetch, is_postgresql
from usage.store import Difference, Mended

# What a day's number is made of: neither posted as an adjustment nor taken back. What was taken
# back after its month had closed still counts there. A day whose events were all taken back keeps its row.
COUNTED = "(a.source_id IS NULL AND v.source_id IS NULL)"
AMOUNTS = ", ".join(NAMES)
DAYS_AT_ONCE, ONE_DAY = timedelta(days=31), timedelta(days=1)
BESIDE = """
    LEFT JOIN usage_void v ON v.source_id = e.source_id AND v.event_id = e.event_id
        AND v.generation = e.generation AND NOT v.is_adjustment
    LEFT JOIN usage_adjustment a ON a.source_id = e.source_id AND a.event_id = e.event_id
        AND a.generation = e.generation
"""


def day_column() -> str:
    """As the index `usage_event_by_day` has it on PostgreSQL."""
    return "((e.at AT TIME ZONE 'UTC')::date)" if is_postgresql() else "substr(e.at, 1, 10)"


def count_sql(condition: str) -> str:
    cast = "::bigint" if is_postgresql() else ""
    amounts = ", ".join(
        f"max(e.{name}) FILTER (WHERE {COUNTED})"
        if name in PEAKS
        else f"coalesce(sum(e.{name}) FILTER (WHERE {COUNTED}), 0){cast}"
        for name in NAMES
    )
    return (
        f"SELECT e.project_id, {day_column()} AS day, {amounts} FROM usage_event e {BESIDE} "
        f"WHERE e.project_id IS NOT NULL AND a.source_id IS NULL AND {condition} GROUP BY e.project_id, {day_column()}"
    )


def cells_of(rows: Sequence[Row]) -> dict[ProjectDay, Cells]:
    return {(as_uuid(project), as_day(day)): dict(zip(NAMES, amounts, strict=True)) for project, day, *amounts in rows}


def count(pairs: Collection[ProjectDay]) -> dict[ProjectDay, Cells]:
    """What the events of these days add up to."""
    one = count_sql(f"e.project_id = %s AND {day_column()} = %s")
    return cells_of([row for pair in pairs for row in fetch(one, pair)])


def recompute(first: date, last: date, *, repair: bool, mended: Mended | None) -> list[Difference]:
    """Of days from `first` on that have all their events here."""
    differences = []
    start = first
    while start <= last:
        end = min(last, start + DAYS_AT_ONCE - ONE_DAY)
        differences += compare(start, end)
        start = end + ONE_DAY
    if repair and differences:
        through(lambda gate: mend([each for each in differences if each.on >= gate.first_open_day], gate, mended))
    return differences


def mend(differences: Sequence[Difference], gate: Gate, mended: Mended | None) -> None:
    rewrite({(each.project, each.on) for each in differences}, gate)
    if mended and differences:
        mended(differences)


def compare(first: date, last: date) -> list[Difference]:
    """The cells that differ; by one statement, so that both sides are of one moment."""
    between = "BETWEEN %s AND %s"
    rows = fetch(
        f"WITH stored AS (SELECT project_id, {'day' if is_postgresql() else 'substr(day, 1, 10) AS day'}, {AMOUNTS} "
        f"FROM usage_daily WHERE day {between}), counted AS ({count_sql(f'{day_column()} {between}')}) "
        "SELECT 0, s.* FROM (SELECT * FROM stored EXCEPT SELECT * FROM counted) s "
        "UNION ALL SELECT 1, c.* FROM (SELECT * FROM counted EXCEPT SELECT * FROM stored) c",
        [first, last, first, last],
    )
    stored, counted = (cells_of([row[1:] for row in rows if row[0] == side]) for side in (0, 1))
    return differing(stored, counted)


def stored_on(day: date) -> dict[ProjectDay, Cells]:
    return cells_of(fetch(f"SELECT project_id, day, {AMOUNTS} FROM usage_daily WHERE day = %s", [day]))


def differing(stored: Mapping[ProjectDay, Cells], counted: Mapping[ProjectDay, Cells]) -> list[Difference]:
    return [
        Difference(project, day, name, of_row.get(name), of_events.get(name))
        for project, day in sorted(stored.keys() | counted.keys())
        for of_row, of_events in [(stored.get((project, day), {}), counted.get((project, day), {}))]
        for name in NAMES
        if of_row.get(name) != of_events.get(name)
    ]


def rewrite(pairs: Collection[ProjectDay], gate: Gate) -> None:
    """Makes the rows of these days what their events add up to, whatever else is under way.

    A row is locked first: an ingest that has it adds before, one that waits for it adds after.
    """
    days.make(pairs)
    days.lock(pairs)
    found = count(pairs)
    days.write(found)
    days.remove(set(pairs) - set(found))
    days.unsum_pairs(gate, pairs)
