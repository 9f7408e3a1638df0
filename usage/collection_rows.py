"""The rows of what is collected: begun, claimed, settled, put off.

A claim is a courtesy between workers, so that they share the work: it ends after LEASE, and a
worker that goes on after it does no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from partnership.models import Project
from usage.intervals import INTERVAL, start_of
from usage.models import Collection
from usage.store import MAX_LATE

Kind = Collection.Kind
BATCH = 500
LEASE = timedelta(minutes=5)
FIRST_RETRY = timedelta(minutes=1)
ROUND = timedelta(minutes=1)


def begin(kind: Kind, projects: QuerySet[Project], now: datetime) -> int:
    """Rows for those of `projects` that have none, and that begin again for those that were deleted and came
    back. How many of the first.
    """
    back = projects.filter(recovered_at__isnull=False, deleted_at__isnull=True)
    Collection.objects.filter(kind=kind, due_at__isnull=True, project__in=back).update(due_at=now)
    there = Collection.objects.filter(project=OuterRef("pk"), kind=kind)
    found = list(projects.filter(~Exists(there)).only("pk", "created_at").order_by("created_at")[:BATCH])
    rows = [
        Collection(project=each, kind=kind, due_at=now, collected_before=first_interval(each.created_at, now))
        for each in found
    ]
    Collection.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def first_interval(born: datetime, now: datetime) -> datetime:
    """What is older would be `too_late`; a minute and an interval are left for the way there."""
    return max(start_of(born), start_of(now - MAX_LATE + ROUND) + INTERVAL)


def first_missing(row: Collection, now: datetime) -> datetime:
    """Where collecting goes on: after a downtime of more than MAX_LATE not where it stopped."""
    return max(row.collected_before, first_interval(row.project.created_at, now))


def time_of(project: Project, start: datetime, end: datetime) -> datetime:
    """Of what is counted for an interval: its start, unless the project came back in the midst of it, as at its
    start it was deleted then, and an event of that time would be refused.
    """
    back_at = project.recovered_at
    return back_at if back_at and start < back_at < end else start


def claim(kind: Kind, now: datetime, *, provisioners: Sequence[int] | None = None, limit: int) -> list[Collection]:
    """Rows that are due, with their projects: the caller's for LEASE."""
    due = Collection.objects.filter(kind=kind, due_at__lte=now).order_by("due_at", "pk")
    if provisioners is not None:
        due = due.filter(project__provisioner__in=provisioners)
    if not due.exists():  # the look takes no lock: on SQLite a transaction is the one writer's
        return []
    with transaction.atomic():
        free = due
        if connection.features.has_select_for_update_skip_locked:
            free = due.select_for_update(skip_locked=True, of=("self",))
        ids = list(free.values_list("pk", flat=True)[:limit])
        Collection.objects.filter(pk__in=ids).update(due_at=now + LEASE)
    return list(Collection.objects.filter(pk__in=ids).select_related("project").order_by("pk"))


def settle(row: Collection, now: datetime, *, before: datetime, due_at: datetime | None) -> None:
    """Everything before `before` is collected; the next look is at `due_at`, or never."""
    row.collected_before, row.collected_at, row.due_at = before, now, due_at
    row.failures, row.failure = 0, ""
    row.save()


def put_off(row: Collection, reason: str, now: datetime, *, is_retryable: bool) -> None:
    """Tried again after 1, 2, 4 ... minutes, at the latest at the next interval."""
    longest = timedelta(seconds=settings.USAGE_COLLECT_SECONDS)
    wait = min(FIRST_RETRY * 2 ** min(row.failures, 10), longest) if is_retryable else longest
    row.failures, row.failure, row.due_at = row.failures + 1, reason[:64], now + wait
    row.save()


def give_back(row: Collection, now: datetime) -> None:
    Collection.objects.filter(pk=row.pk).update(due_at=now)


def wait(row: Collection, until: datetime) -> None:
    """Nothing is to be fetched now, and nothing failed."""
    row.due_at, row.failures, row.failure = until, 0, ""
    row.save()


def end(row: Collection) -> None:
    row.due_at, row.failures, row.failure = None, 0, ""
    row.save()
