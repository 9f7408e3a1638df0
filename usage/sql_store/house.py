"""What the worker does for the store, again and again: turns the generation, sums up partners' days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from usage.metrics import NAMES
from usage.sql_store import closing
from usage.sql_store.days import columns
from usage.sql_store.gate import Gate, through
from usage.sql_store.partner_days import live_days
from usage.sql_store.sql import day_of, execute, fetch, is_postgresql
from usage.store import Owner

PartnerDay = tuple[str, str, date]
# As far back as anybody reads at once, and a little; what is older is added up as it is read.
DAYS_BACK = 400
DAYS_AT_ONCE = 1000
# After midnight, before a day is summed up: a recovery of its last moment, by whichever worker's clock, is there then.
SETTLES = timedelta(minutes=5)
LOCK = 4_718_592_001  # of the summing up: one worker at a time


def keep(now: datetime) -> int:
    return closing.turn_generation(now) + (sum_up(now - SETTLES) if is_postgresql() else 0)


def sum_up(now: datetime) -> int:
    """Sums up partners' finished days that are not. Until a row is ready nobody reads it.

    1. The rows are there, not ready: from now on an ingest of such a day takes its row away.
    2. The gate is shut for a moment: ingests that began before and knew of no row have ended.
    3. The days are added up, and the rows that are still there are ready.
    """
    [(is_ours,)] = fetch("SELECT pg_try_advisory_lock(%s)", [LOCK])
    if not is_ours:
        return 0
    try:
        wanted = through(lambda gate: begin(day_of(now)))
        if wanted:
            through(lambda gate: move_on(gate, day_of(now)), shutting=True)
        return sum(finish(owner, days, day_of(now)) for owner, days in by_owner(wanted).items())
    finally:
        execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def begin(today: date) -> list[PartnerDay]:
    """The next days to sum up, newest first; left-overs of a worker that died begin again."""
    execute("DELETE FROM usage_partnerday WHERE NOT is_ready")
    return [
        (partner, environment, day)
        for partner, environment, day in fetch(
            "INSERT INTO usage_partnerday (partner_id, environment, day, is_ready, is_estimated, "
            f"{', '.join(NAMES)}) SELECT o.partner_id, o.environment, g.day::date, false, false, "
            f"{', '.join(['0'] * len(NAMES))} FROM ("
            "SELECT partner_id, environment, min((created_at AT TIME ZONE 'UTC')::date) AS first "
            "FROM partnership_project WHERE partner_id IS NOT NULL GROUP BY 1, 2) o "
            "CROSS JOIN LATERAL generate_series(GREATEST(o.first, %s::date), %s::date, '1 day') AS g (day) "
            "WHERE NOT EXISTS (SELECT FROM usage_partnerday d WHERE d.partner_id = o.partner_id "
            "AND d.environment = o.environment AND d.day = g.day::date) "
            "ORDER BY g.day DESC, o.partner_id LIMIT %s RETURNING partner_id, environment, day",
            [today - timedelta(days=DAYS_BACK), today - timedelta(days=1), DAYS_AT_ONCE],
        )
    ]


def move_on(gate: Gate, today: date) -> None:
    if gate.summed_before < today:
        execute("UPDATE usage_ingestgate SET summed_before = %s", [today])


def by_owner(wanted: Sequence[PartnerDay]) -> dict[Owner, list[date]]:
    owners: dict[Owner, list[date]] = defaultdict(list)
    for partner, environment, day in sorted(wanted):
        owners[Owner("partner", partner, environment)].append(day)
    return owners


def finish(owner: Owner, wanted: Sequence[date], today: date) -> int:
    days = live_days(owner, list(wanted), today)
    rows = [[day.on, day.estimated, *map(day.amounts.get, NAMES)] for day in days]
    types = ", ".join(["%s::date[]", "%s::bool[]", *["%s::numeric[]"] * len(NAMES)])
    # Locked in the order of `days.unsum`.
    return execute(
        f"WITH held AS (SELECT day FROM usage_partnerday WHERE partner_id = %s AND environment = %s AND day = ANY(%s) "
        "ORDER BY partner_id, environment, day FOR UPDATE) "
        f"UPDATE usage_partnerday p SET is_ready = true, is_estimated = k.is_estimated, "
        f"{', '.join(f'{name} = k.{name}' for name in NAMES)} "
        f"FROM unnest({types}) AS k (day, is_estimated, {', '.join(NAMES)}) JOIN held ON held.day = k.day "
        "WHERE p.partner_id = %s AND p.environment = %s AND p.day = k.day",
        [owner.id, owner.environment, list(wanted), *columns(rows), owner.id, owner.environment],
    )
