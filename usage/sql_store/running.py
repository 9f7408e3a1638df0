"""What a period has come to in the midst of an ingest: for those who watch what is counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from usage import event_ids
from usage.metrics import METRICS
from usage.sql_store.days import ProjectDay, sort
from usage.sql_store.reading import find
from usage.sql_store.rebuilding import BESIDE, COUNTED, day_column
from usage.sql_store.sql import day_of, fetch, is_postgresql
from usage.store import Owner, Recorded

ONE_DAY = timedelta(days=1)


def sum_of(projects: Owner | UUID, metric: str, first: date, last: date) -> int:
    column = METRICS[metric].name
    period = "day BETWEEN %s AND %s"
    if isinstance(projects, UUID):
        rows = fetch(
            f"SELECT sum({column}) FROM usage_daily WHERE project_id = %s AND {period}", [projects, first, last]
        )
    elif is_postgresql():
        rows = fetch(of_partner(column), [*[projects.id, projects.environment, first, last] * 2])
    else:
        rows = fetch(f"SELECT sum({column}) {JOINED} AND d.{period}", [projects.id, projects.environment, first, last])
    return int(rows[0][0] or 0)


JOINED = """FROM partnership_project p JOIN usage_daily d ON d.project_id = p.id
    WHERE p.partner_id = %s AND p.environment = %s"""


def of_partner(column: str) -> str:
    """Days that are summed up, and the others from the projects' days; by one statement, so of one moment."""
    return f"""
WITH ready AS (
    SELECT day, {column} FROM usage_partnerday
    WHERE partner_id = %s AND environment = %s AND day BETWEEN %s AND %s AND is_ready
)
SELECT coalesce((SELECT sum({column}) FROM ready), 0) + coalesce((
    SELECT sum(d.{column}) {JOINED} AND d.day BETWEEN %s AND %s AND d.day NOT IN (SELECT day FROM ready)
), 0)"""


def samples(
    projects: Collection[UUID], metric: str, first: date, last: date, *, without: Collection[Recorded] = ()
) -> dict[UUID, dict[date, int]]:
    """As `UsageStore.samples`; what is carried into the period stands at the day before it."""
    found: dict[UUID, dict[date, int]] = {project: {} for project in projects}
    for project, (_life, carried, rows) in find(list(projects), first, last).items():
        if metric in carried:
            found[project][first - ONE_DAY] = carried[metric]
        found[project] |= {day: sample for day, cells in rows.items() if (sample := cells[metric]) is not None}
    for (project, day), sample in others(metric, without).items():
        found[project].pop(day, None)
        if sample is not None:
            found[project][day] = sample
    return found


def others(metric: str, without: Collection[Recorded]) -> dict[ProjectDay, int | None]:
    """The highest sample of each day of the events `without` that is not theirs."""
    left_out: dict[ProjectDay, set[tuple[str, bytes]]] = defaultdict(set)
    for event in without:
        left_out[event.project, day_of(event.at)].add((event.source, event_ids.pack(event.id)))
    return {pair: highest(metric, pair, left_out[pair]) for pair in sort(left_out)}


def highest(metric: str, pair: ProjectDay, left_out: Collection[tuple[str, bytes]]) -> int | None:
    column = METRICS[metric].name
    rows: Sequence[tuple[str, bytes, int]] = fetch(
        f"SELECT s.name, e.event_id, e.{column} FROM usage_event e JOIN usage_source s ON s.id = e.source_id {BESIDE} "
        f"WHERE e.project_id = %s AND {day_column()} = %s AND e.{column} IS NOT NULL AND {COUNTED} "
        f"ORDER BY e.{column} DESC LIMIT %s",
        [*pair, len(left_out) + 1],
    )
    return next((int(sample) for source, packed, sample in rows if (source, bytes(packed)) not in left_out), None)
