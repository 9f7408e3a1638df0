"""Days and totals of projects and owners, peaks carried on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from usage.metrics import NAMES, PEAKS, Amounts, fold, zero
from usage.sql_store import partner_days
from usage.sql_store.clock import clock, now_in_sql
from usage.sql_store.days import Cells
from usage.sql_store.lives import Life, find_absences, life
from usage.sql_store.sql import among, as_day, as_time, as_uuid, day_of, fetch, is_postgresql
from usage.store import MAX_LATE, Day, Owner

ONE_DAY = timedelta(days=1)
EVER = (date.min, date.max)


Spans = Sequence[tuple[date, date]]  # days, both inclusive, that count for an owner
Samples = dict[str, int]  # peak metric -> the last sample before the period


def daily(project: UUID, first: date, last: date) -> list[Day]:
    return [day for _, day in rows_of([project], {}, first, last)]


def daily_rows(owner: Owner, projects: Sequence[UUID], first: date, last: date) -> Iterator[tuple[UUID, Day]]:
    yield from rows_of(projects, spans(owner, projects), first, last)


def project_totals(owner: Owner, projects: Sequence[UUID], first: date, last: date) -> dict[UUID, Amounts]:
    days: dict[UUID, list[Amounts]] = {project: [] for project in projects}
    for project, day in daily_rows(owner, projects, first, last):
        days[project].append(day.amounts)
    return {project: fold(amounts) for project, amounts in days.items()}


def owner_days(owner: Owner, first: date, last: date) -> list[Day]:
    if owner.kind == "partner" and is_postgresql():
        return partner_days.days(owner, first, last, clock)
    totals = {on: zero() for on in days_of(first, last)}
    estimated = set()
    for _, day in daily_rows(owner, projects_of(owner), first, last):
        for name in NAMES:
            totals[day.on][name] += day.amounts[name]
        if day.estimated:
            estimated.add(day.on)
    return [Day(on, amounts, on in estimated) for on, amounts in totals.items()]


def owner_total(owner: Owner, first: date, last: date) -> dict[str, int]:
    if owner.kind == "partner" and is_postgresql():
        return partner_days.total(owner, first, last, clock)
    return fold(day.amounts for day in owner_days(owner, first, last))


def used_before_made(owner: Owner, first: date, last: date) -> list[UUID]:
    if date.max - last <= MAX_LATE + ONE_DAY:
        return []
    condition, value = OWNED[owner.kind]
    ends_at = datetime.combine(last + ONE_DAY, time(), UTC)
    rows = fetch(
        f"SELECT p.id FROM partnership_project p WHERE p.environment = %s AND {condition} "
        "AND p.created_at >= %s AND p.created_at < %s AND EXISTS (SELECT 1 FROM usage_daily d "
        "WHERE d.project_id = p.id AND d.day BETWEEN %s AND %s) ORDER BY p.id",
        [owner.environment, value(owner.id), ends_at, ends_at + MAX_LATE + ONE_DAY, first, last],
    )
    found = [as_uuid(id_) for (id_,) in rows]
    counting = spans(owner, found)
    return [id_ for id_ in found if any(since <= last for since, _ in counting.get(id_, [EVER]))]


def projects_of(owner: Owner) -> list[UUID]:
    """All that the owner has or, of an organization, ever had."""
    condition, value = OWNED[owner.kind]
    rows = fetch(
        f"SELECT p.id FROM partnership_project p WHERE p.environment = %s AND {condition} ORDER BY p.id",
        [owner.environment, value(owner.id)],
    )
    return [as_uuid(id_) for (id_,) in rows]


OWNED = {
    "partner": ("p.partner_id = %s", str),
    "organization": (
        "EXISTS (SELECT 1 FROM partnership_tenure t WHERE t.project_id = p.id AND t.organization_id = %s)",
        UUID,
    ),
}


def spans(owner: Owner, projects: Sequence[UUID]) -> dict[UUID, Spans]:
    """The days of each project that count for an organization: those at whose end it owned it.

    Usage from before a project was made is its first owner's. A partner's projects are its own for good.
    """
    if owner.kind == "partner":
        return {}
    condition, parameters = among("t.project_id", projects)
    rows = fetch(
        "SELECT t.project_id, t.from_at, t.until_at, p.created_at FROM partnership_tenure t "
        f"JOIN partnership_project p ON p.id = t.project_id WHERE t.organization_id = %s AND {condition}",
        [UUID(owner.id), *parameters],
    )
    found: dict[UUID, list[tuple[date, date]]] = {project: [] for project in projects}
    for project, from_at, until_at, created_at in rows:
        first = date.min if as_time(from_at) <= as_time(created_at) else day_of(as_time(from_at))
        found[as_uuid(project)].append((first, day_of(as_time(until_at)) - ONE_DAY if until_at else date.max))
    return {project: list(days) for project, days in found.items()}


def rows_of(
    projects: Sequence[UUID], counting: Mapping[UUID, Spans], first: date, last: date
) -> Iterator[tuple[UUID, Day]]:
    """The days of each project, of which those in its spans (without any: all)."""
    found = find(projects, first, last)
    for project in projects:
        if project in found:
            lived, samples, rows = found[project]
            for day in carry(lived, rows, samples, first, last):
                if any(since <= day.on <= until for since, until in counting.get(project, [EVER])):
                    yield project, day


def carry(lived: Life, rows: Mapping[date, Cells], samples: Samples, first: date, last: date) -> Iterator[Day]:
    """The days on which the project existed or has a row; a peak without a sample is the last one before,
    while the project exists."""
    samples = dict(samples)
    for on in days_of(first, last):
        exists = lived.has(on)
        cells = rows.get(on)
        if cells or exists:
            amounts, estimated = filled(cells or {}, samples if exists else {})
            yield Day(on, amounts, estimated)
        samples.update(samples_in(cells or {}))


def days_of(first: date, last: date) -> Iterator[date]:
    """By their numbers: there is no day after the last one of the calendar."""
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))


def samples_in(cells: Mapping[str, int | None]) -> Samples:
    return {name: sample for name in PEAKS if (sample := cells.get(name)) is not None}


def filled(cells: Mapping[str, int | None], samples: Samples) -> tuple[dict[str, int], bool]:
    amounts, estimated = {}, False
    for name in NAMES:
        amount = cells.get(name)
        if amount is None and name in samples:
            amount, estimated = samples[name], True
        amounts[name] = amount or 0
    return amounts, estimated


def find(projects: Sequence[UUID], first: date, last: date) -> dict[UUID, tuple[Life, Samples, dict[date, Cells]]]:
    """Of each project its life, its last samples before the period and its rows of it: one
    statement, so that all are of one moment (metering.md, trap 28). Absences are asked for where
    there are some, after it: what is over stays as it is."""
    now, instants = now_in_sql()
    condition, parameters = among("p.id", projects)
    rows = fetch(
        FIND.format(now=now, once="MATERIALIZED" if is_postgresql() else "", condition=condition),
        [*instants, *[first] * len(PEAKS), *parameters, first, last],
    )
    found: dict[UUID, tuple[Life, Samples, dict[date, Cells]]] = {}
    absences = find_absences(list({as_uuid(row[0]) for row in rows if row[3]}))
    for id_, created_at, exists_until, _recovered_at, *rest in rows:
        samples, day, amounts = rest[: len(PEAKS)], rest[len(PEAKS)], rest[len(PEAKS) + 1 :]
        project = as_uuid(id_)
        if project not in found:
            days = day_of(as_time(created_at)), day_of(as_time(exists_until))
            found[project] = (
                life(*days, absences.get(project, ())),
                samples_in(dict(zip(PEAKS, samples, strict=True))),
                {},
            )
        if day is not None:
            found[project][2][as_day(day)] = dict(zip(NAMES, amounts, strict=True))
    return found


# Each project once in `found`, or its samples would be looked up for each of its days.
FIND = (
    "WITH found AS {once} (SELECT p.id, p.created_at, COALESCE(p.deleted_at, {now}) AS exists_until, p.recovered_at, "
    + ", ".join(
        f"(SELECT d.{name} FROM usage_daily d WHERE d.project_id = p.id AND d.day < %s AND d.{name} IS NOT NULL "
        f"ORDER BY d.day DESC LIMIT 1) AS last_{name}"
        for name in PEAKS
    )
    + " FROM partnership_project p WHERE {condition}) SELECT f.*, d.day, "
    + ", ".join(f"d.{name}" for name in NAMES)
    + " FROM found f LEFT JOIN usage_daily d ON d.project_id = f.id AND d.day BETWEEN %s AND %s"
)
