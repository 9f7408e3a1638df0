"""Days that changed late, for the nightly check: noted by who changes them, at the end of its transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from usage.sql_store.sql import as_day, day_of, execute, execute_many, fetch

# Yesterday is looked at every night anyway.
SOON = timedelta(days=1)


def note(changed: Iterable[date], now: datetime) -> None:
    """Sorted, and after everything else: two that note the same day wait for each other in one order."""
    today = day_of(now)
    late = sorted({day for day in changed if day < today - SOON})
    execute_many(
        "INSERT INTO usage_lateday (day, arrived_on) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [[day, today] for day in late],
    )


def days(arrived_before: date) -> list[date]:
    """By arrival on an earlier day: what changed them has ended by then, so that it can be looked at whole."""
    rows = fetch("SELECT DISTINCT day FROM usage_lateday WHERE arrived_on < %s ORDER BY day", [arrived_before])
    return [as_day(day) for (day,) in rows]


def forget(arrived_before: date) -> None:
    execute("DELETE FROM usage_lateday WHERE arrived_on < %s", [arrived_before])
