"""What stands behind a number: its events, and the adjustments beside it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from usage import event_ids
from usage.metrics import METRICS, NAMES, SUMS
from usage.sql_store import reading
from usage.sql_store.rebuilding import BESIDE, day_column
from usage.sql_store.sql import among, as_day, as_time, as_uuid, fetch, is_postgresql
from usage.store import Adjustment, CountedEvent, EventPage, Owner

Cursor = tuple[datetime, str, str]
EVENT = "s.name, e.event_id, e.project_id, e.at, e.delay_seconds, e.client, " + ", ".join(f"e.{n}" for n in NAMES)


def events(project: UUID, on: date, metric: str, *, after: Cursor | None, limit: int) -> EventPage:
    column = METRICS[metric].name
    # Byte for byte, whatever the database's language: a page may be continued in ClickHouse.
    source_name = 's.name COLLATE "C"' if is_postgresql() else "s.name"
    before, parameters = "", []
    if after:
        at, source, event_id = after
        before, parameters = (
            f"AND (e.at, {source_name}, e.event_id) < (%s, %s, %s)",
            [at, source, event_ids.pack(event_id)],
        )
    rows = fetch(
        f"SELECT {EVENT} FROM usage_event e JOIN usage_source s ON s.id = e.source_id {BESIDE} "
        f"WHERE e.project_id = %s AND {day_column()} = %s AND e.{column} IS NOT NULL "
        f"AND v.source_id IS NULL AND a.source_id IS NULL {before} "
        f"ORDER BY e.at DESC, {source_name} DESC, e.event_id DESC LIMIT %s",
        [project, on, *parameters, limit + 1],
    )
    found = [counted(*row) for row in rows]
    page, rest = found[:limit], found[limit:]
    return EventPage(page, (page[-1].at, page[-1].source, page[-1].id) if rest else None)


def counted(
    source: str, packed: bytes, project: UUID | str, at: datetime, delay: int, client: int, *amounts: int | None
) -> CountedEvent:
    at = as_time(at)
    return CountedEvent(
        source,
        event_ids.unpack(bytes(packed)),
        as_uuid(project),
        at,
        at + timedelta(seconds=delay),
        client,
        {name: amount for name, amount in zip(NAMES, amounts, strict=True) if amount is not None},
    )


def adjustments(projects: Owner | UUID, first: date, last: date) -> list[Adjustment]:
    ids = reading.projects_of(projects) if isinstance(projects, Owner) else [projects]
    spans = reading.spans(projects, ids) if isinstance(projects, Owner) else {}
    condition, parameters = among("a.project_id", ids)
    rows = fetch(
        f"SELECT a.project_id, a.original_day, a.posted_on, s.name, a.event_id, a.is_void, {', '.join(SUMS)} "
        f"FROM usage_adjustment a JOIN usage_source s ON s.id = a.source_id WHERE {condition} "
        "AND a.posted_on BETWEEN %s AND %s ORDER BY a.posted_on, a.id",
        [*parameters, first, last],
    )
    found = [adjustment(*row) for row in rows]
    return [
        each
        for each in found
        if any(since <= each.original_day <= until for since, until in spans.get(each.project, [reading.EVER]))
    ]


def adjustment(
    project: UUID | str, day: date, posted_on: date, source: str, packed: bytes, is_void: bool, *amounts: int
) -> Adjustment:
    return Adjustment(
        as_uuid(project),
        as_day(day),
        as_day(posted_on),
        dict(zip(SUMS, amounts, strict=True)),
        source,
        event_ids.unpack(bytes(packed)),
        bool(is_void),
    )
