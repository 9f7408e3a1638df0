"""Which projects of an owner used most of one metric."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from usage.metrics import METRICS, Kind
from usage.sql_store import reading
from usage.sql_store.sql import Row, as_uuid, fetch, is_postgresql
from usage.store import Owner

NAMED = re.compile(r"%\((\w+)\)s")
OF_PARTNER = "FROM partnership_project p WHERE p.partner_id = %(partner)s AND p.environment = %(environment)s"


def top_projects(owner: Owner, metric: str, first: date, last: date, limit: int) -> list[UUID]:
    if owner.kind != "partner":
        return top_of_few(owner, metric, first, last, limit)
    known = METRICS[metric]
    amount = highest(known.name) if known.kind is Kind.PEAK else summed(known.name)
    rows = fetch_named(
        f"SELECT id FROM (SELECT p.id, {amount} AS amount {OF_PARTNER}) AS ranked WHERE amount > 0 "
        "ORDER BY amount DESC, id LIMIT %(limit)s",
        {
            "partner": owner.id,
            "environment": owner.environment,
            "first": first,
            "last": last,
            "begins_at": datetime.combine(first, time(), UTC),
            "ends_at": datetime.combine(last + timedelta(days=1), time(), UTC),
            "limit": limit,
        },
    )
    return [as_uuid(id_) for (id_,) in rows]


def top_of_few(owner: Owner, metric: str, first: date, last: date, limit: int) -> list[UUID]:
    """An organization has few projects, and days of theirs that are another's."""
    totals = reading.project_totals(owner, reading.projects_of(owner), first, last)
    ranked = sorted((-amounts[metric], project.bytes) for project, amounts in totals.items() if amounts[metric])
    return [UUID(bytes=id_) for _, id_ in ranked[:limit]]


def summed(column: str) -> str:
    total = "SUM" if is_postgresql() else "TOTAL"  # SQLite's SUM fails over 64 bits
    return (
        f"(SELECT COALESCE({total}(d.{column}), 0) FROM usage_daily d WHERE d.project_id = p.id "
        "AND d.day BETWEEN %(first)s AND %(last)s)"
    )


def highest(column: str) -> str:
    """The highest sample of the period, or the one that was carried into it."""
    greatest = "GREATEST" if is_postgresql() else "MAX"
    days = f"FROM usage_daily d WHERE d.project_id = p.id AND d.{column} IS NOT NULL AND d.day"
    return (
        f"{greatest}(COALESCE((SELECT MAX(d.{column}) {days} BETWEEN %(first)s AND %(last)s), 0), "
        "CASE WHEN p.created_at < %(ends_at)s AND (p.deleted_at IS NULL OR p.deleted_at >= %(begins_at)s) "
        f"AND {back_on()} <= %(last)s AND NOT EXISTS (SELECT 1 {days} BETWEEN %(first)s AND {back_on()}) "
        "THEN COALESCE("
        f"(SELECT d.{column} {days} < %(first)s ORDER BY d.day DESC LIMIT 1), 0) ELSE 0 END)"
    )


def back_on() -> str:
    """The first day of the period on which a project is there that was deleted and came back: mostly its first."""
    day = "(a.until_at AT TIME ZONE 'UTC')::date" if is_postgresql() else "substr(a.until_at, 1, 10)"
    first = "%(first)s::date" if is_postgresql() else "%(first)s"
    return (
        f"(CASE WHEN p.recovered_at IS NULL THEN {first} ELSE COALESCE((SELECT {day} FROM partnership_absence a "
        f"WHERE a.project_id = p.id AND a.from_at < %(begins_at)s AND {day} > %(first)s), {first}) END)"
    )


def fetch_named(sql: str, values: Mapping[str, object]) -> list[Row]:
    """`fetch` with parameters by name on both databases."""
    if is_postgresql():
        return fetch(sql, values)
    return fetch(NAMED.sub("%s", sql), [values[name] for name in NAMED.findall(sql)])
