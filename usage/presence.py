"""On which days an owner had a project at all: a chart has a gap on the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import F, Min, Q

from partnership.models import Project, Tenure
from usage.period import Period
from usage.reports import existing_in
from usage.sql_store.lives import Absence, Life, life
from usage.sql_store.sql import day_of
from usage.store import Owner

ONE_DAY = timedelta(days=1)
# A life as the database tells it, once for each absence: whose, since, until, gone from, back from.
Row = tuple[object, datetime, datetime | None, datetime | None, datetime | None]


def days_with_projects(owner: Owner, period: Period) -> set[date]:
    lives = lives_of_partner(owner, period) if owner.kind == "partner" else lives_of_organization(owner, period)
    return {day for lived in lives for day in days_of(lived, period)}


def lives_of_partner(owner: Owner, period: Period) -> Iterator[Life]:
    """One for all projects that are still there and never were gone, and one for each of the others."""
    mine = Project.objects.filter(existing_in(period), partner=owner.id, environment=owner.environment)
    never_gone = Q(deleted_at__isnull=True, recovered_at__isnull=True)
    since = mine.filter(never_gone).aggregate(Min("created_at"))["created_at__min"]
    if since:
        yield Life(day_of(since), period.last)
    absences = ("absences__from_at", "absences__until_at")
    yield from lives_of(mine.filter(~never_gone).values_list("pk", "created_at", "deleted_at", *absences), period)


def lives_of_organization(owner: Owner, period: Period) -> Iterator[Life]:
    """Of each tenure; a day counts for who owned the project at its end, so the day of a transfer is the next one's."""
    rows = Tenure.objects.filter(no_transfer_after_deletion(), organization=UUID(owner.id))
    absences = ("project__absences__from_at", "project__absences__until_at")
    found = rows.filter(project__environment=owner.environment).values_list(
        "pk", "from_at", "until_at", "project__deleted_at", *absences
    )
    yield from lives_of(
        (
            (tenure, since, min(filter(None, (until and until - ONE_DAY, deleted_at)), default=None), *absence)
            for tenure, since, until, deleted_at, *absence in found
        ),
        period,
    )


def no_transfer_after_deletion() -> Q:
    return Q(project__deleted_at__isnull=True) | Q(from_at__lte=F("project__deleted_at"))


def lives_of(rows: Iterable[Row], period: Period) -> Iterator[Life]:
    spans: dict[object, tuple[datetime, datetime | None]] = {}
    absences: dict[object, list[Absence]] = defaultdict(list)
    for whose, since, until, gone_at, back_at in rows:
        spans[whose] = since, until
        if gone_at and back_at:
            absences[whose].append((gone_at, back_at))
    for whose, (since, until) in spans.items():
        yield life(day_of(since), day_of(until) if until else period.last, absences[whose])


def days_of(lived: Life, period: Period) -> Iterator[date]:
    days = range(max(lived.first, period.first).toordinal(), min(lived.last, period.last).toordinal() + 1)
    return (day for day in map(date.fromordinal, days) if lived.has(day))
