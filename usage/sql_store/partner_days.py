"""A partner's days on PostgreSQL: those that are summed up, and the others from its projects' days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta

from usage.metrics import NAMES, PEAKS, SUMS, fold
from usage.sql_store.sql import Row, day_of, fetch
from usage.store import Day, Owner

Clock = Callable[[], datetime]
ONE_DAY = timedelta(days=1)
AMOUNTS = ", ".join(NAMES)
OF_PERIOD = "FROM usage_partnerday WHERE partner_id = %s AND environment = %s AND day BETWEEN %s AND %s AND is_ready"


def days(owner: Owner, first: date, last: date, clock: Clock) -> list[Day]:
    rows = fetch(f"SELECT day, is_estimated, {AMOUNTS} {OF_PERIOD}", [owner.id, owner.environment, first, last])
    found = {row[0]: day_of_row(row) for row in rows}
    if absent := missing(found, first, last):
        found |= {day.on: day for day in live_days(owner, absent, day_of(clock()))}
    return [found[on] for on in sorted(found)]


def total(owner: Owner, first: date, last: date, clock: Clock) -> dict[str, int]:
    """One statement where all days are summed up: `clock` is asked for the others alone."""
    folded = ", ".join(f"{'max' if name in PEAKS else 'sum'}({name})" for name in NAMES)
    [(ready, *amounts)] = fetch(
        f"SELECT array_agg(day), {folded} {OF_PERIOD}", [owner.id, owner.environment, first, last]
    )
    summed = {name: int(amount or 0) for name, amount in zip(NAMES, amounts, strict=True)}
    absent = missing(ready or (), first, last)
    live = live_days(owner, absent, day_of(clock())) if absent else []
    return fold([summed, *(day.amounts for day in live)])


def missing(found: Iterable[date] | Mapping[date, Day], first: date, last: date) -> list[date]:
    known = set(found)
    period = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [on for on in period if on not in known]


def live_days(owner: Owner, wanted: list[date], today: date) -> list[Day]:
    """The days `wanted`, added up from the projects' days."""
    first, last = wanted[0], wanted[-1]
    names = {"partner": owner.id, "environment": owner.environment, "first": first, "last": last, "today": today}
    rows = {row[0]: day_of_row(row) for row in fetch(LIVE, names)}
    return [rows[on] for on in wanted]


def day_of_row(row: Row) -> Day:
    on, is_estimated, *amounts = row
    return Day(on, {name: int(amount) for name, amount in zip(NAMES, amounts, strict=True)}, is_estimated)


def utc_day(column: str) -> str:
    return f"({column} AT TIME ZONE 'UTC')::date"


# `p`: the projects and the days of their lives; `d`: their days in the period; `gone`: those days of a life on
# which the project was deleted, before it came back.
PERIOD = f"""
WITH p AS (
    SELECT id, {utc_day("created_at")} AS born, COALESCE({utc_day("deleted_at")}, %(today)s::date) AS died
    FROM partnership_project WHERE partner_id = %(partner)s AND environment = %(environment)s
), d AS (
    SELECT d.* FROM p JOIN usage_daily d ON d.project_id = p.id
    WHERE d.day BETWEEN %(first)s::date AND %(last)s::date
), sums AS (
    SELECT day, {", ".join(f"sum({name}) AS {name}" for name in SUMS)} FROM d GROUP BY day
), gone AS (
    SELECT p.id, g.day::date AS day FROM partnership_absence a JOIN p ON p.id = a.project_id
    CROSS JOIN LATERAL generate_series(
        GREATEST({utc_day("a.from_at")} + 1, %(first)s::date),
        LEAST({utc_day("a.until_at")} - 1, %(last)s::date), '1 day'
    ) AS g (day)
)"""


def changes(name: str) -> str:
    """How a peak of the partner changes from day to day: each sample comes in on its day, is carried
    on until the next one or the end of its project, and goes out. `carried` counts those that are.
    The sample before the period is looked up for those projects alone that have none on its first day.
    `{name}_off` is what was carried on through days on which its project was gone."""
    return f"""
, {name}_samples AS (
    SELECT born, died, day, amount, lead(day) OVER (PARTITION BY id ORDER BY day) AS next_day FROM (
        SELECT p.*, s.day, s.amount FROM p CROSS JOIN LATERAL (
            SELECT u.day, u.{name} AS amount FROM usage_daily u
            WHERE u.project_id = p.id AND u.day < %(first)s::date AND u.{name} IS NOT NULL
            ORDER BY u.day DESC LIMIT 1
        ) s WHERE p.id NOT IN (SELECT project_id FROM d WHERE day = %(first)s::date AND {name} IS NOT NULL)
        UNION ALL SELECT p.*, d.day, d.{name} FROM p JOIN d ON d.project_id = p.id WHERE d.{name} IS NOT NULL
    ) s
), {name} AS (
    SELECT change.day, sum(change.amount) AS amount, sum(change.carried) AS carried
    FROM {name}_samples s
    CROSS JOIN LATERAL (VALUES
        (s.day, s.day + 1, 0), (GREATEST(s.day + 1, s.born), LEAST(s.next_day, s.died + 1), 1)
    ) AS span (since, until, carried)
    CROSS JOIN LATERAL (VALUES
        (GREATEST(span.since, %(first)s::date), s.amount, span.carried), (span.until, -s.amount, -span.carried)
    ) AS change (day, amount, carried)
    WHERE span.since < span.until AND span.until > %(first)s::date GROUP BY change.day
), {name}_off AS (
    SELECT gone.day, sum(s.amount) AS amount, count(*) AS carried FROM gone CROSS JOIN LATERAL (
        SELECT u.day, u.{name} AS amount FROM usage_daily u
        WHERE u.project_id = gone.id AND u.day <= gone.day AND u.{name} IS NOT NULL ORDER BY u.day DESC LIMIT 1
    ) s WHERE s.day < gone.day GROUP BY gone.day
)"""


def live() -> str:
    peaks = ", ".join(f"COALESCE(sum({name}.amount) OVER by_day, 0) - COALESCE({name}_off.amount, 0)" for name in PEAKS)
    sums = ", ".join(f"COALESCE(sums.{name}, 0)" for name in SUMS)
    carried = " + ".join(
        f"COALESCE(sum({name}.carried) OVER by_day, 0) - COALESCE({name}_off.carried, 0)" for name in PEAKS
    )
    joins = " ".join(
        f"LEFT JOIN {name} ON {name}.day = g.day LEFT JOIN {name}_off ON {name}_off.day = g.day" for name in PEAKS
    )
    return f"""{PERIOD}{"".join(map(changes, PEAKS))}
SELECT g.day, {carried} > 0, {peaks}, {sums}
FROM (SELECT generate_series(%(first)s::date, %(last)s::date, '1 day')::date AS day) g
LEFT JOIN sums ON sums.day = g.day {joins} WINDOW by_day AS (ORDER BY g.day)"""


LIVE = live()
