"""The nightly look at our own figures: are they what their events add up to?

Looked at: yesterday, every day that got events late, a seventh of the other days that are still open (so
that each has its turn within a week), and the digests of all statements. Nothing is mended here:
`rebuild_usage` does that, with a row in the audit log, and then the check is done again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import structlog
from django.db import IntegrityError, transaction

from partnership.constraints import is_broken
from partnership.models import Event
from usage import rollup
from usage.chosen_store import store
from usage.models import SelfCheck

log = structlog.get_logger("gatehouse.usage")

HOUR = timedelta(hours=1)  # after midnight, UTC: yesterday's last events have come
ABANDONED = timedelta(hours=3)
MOST_TOLD = 100
EACH_WEEK = 7


def run_due(now: datetime) -> int:
    """The check, if none was made since the last night, or one that found something has been answered."""
    if not is_due(now) or (check := begin(now)) is None:
        return 0
    days = sorted(days_to_check(now))
    differences = [each for day in days for each in rollup.differences(day, repair=False)]
    broken = rollup.broken_statements()
    told = [
        f"{each.on} {each.project} {each.metric}: {each.stored}, from events {each.from_events}" for each in differences
    ]
    told += [f"statement {statement}: its figures do not have its digest" for statement in broken]
    check.days, check.differences, check.broken_statements = len(days), len(differences), len(broken)
    check.found, check.finished_at, check.is_running = told[:MOST_TOLD], now, False
    check.save()
    store.forget_late_days(now.date())
    log.info("usage checked", days=len(days), differences=len(differences), broken_statements=len(broken))
    return 1


def latest() -> SelfCheck | None:
    """The last one that came to its end."""
    return SelfCheck.objects.filter(finished_at__isnull=False).order_by("started_at").last()


def is_due(now: datetime) -> bool:
    last = latest()
    if last is None or last.started_at < last_night(now):
        return True
    if not last.differences:
        return False
    # As `rollup.tell` writes them, by an index: the audit log is long, and this is asked each minute.
    mended = Event.objects.filter(partner=None, environment="live", occurred_at__gt=last.started_at)
    return mended.filter(type=rollup.MENDED).exists()


def last_night(now: datetime) -> datetime:
    """The last time that it was one in the morning."""
    midnight = (now - HOUR).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + HOUR


def begin(now: datetime) -> SelfCheck | None:
    """A row of the caller's own; None while another worker's check runs. One that died is left behind."""
    SelfCheck.objects.filter(is_running=True, started_at__lt=now - ABANDONED).update(is_running=False)
    try:
        with transaction.atomic():
            return SelfCheck.objects.create(started_at=now)
    except IntegrityError as clash:
        if not is_broken(clash, SelfCheck, "self_check_one_running"):
            raise
        return None


def days_to_check(now: datetime) -> Iterator[date]:
    today = now.date()
    yesterday = today - timedelta(days=1)
    oldest = store.oldest_event_day()
    first = max(store.first_open_day(), oldest, today - timedelta(days=90))
    late = set(store.late_days(today))
    turn = {
        day
        for day in (first + timedelta(days=each) for each in range((today - first).days))
        if day.toordinal() % EACH_WEEK == today.toordinal() % EACH_WEEK
    }
    yield from {day for day in {yesterday} | late | turn | suspects() if day >= oldest}


def suspects() -> set[date]:
    """The days in which the last check found something."""
    last = latest()
    return {date.fromisoformat(line[:10]) for line in last.found if line[:4].isdigit()} if last else set()
