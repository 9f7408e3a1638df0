"""On which days an owner had a project at all: a chart has a gap on the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db.models import F, Min, Q

from partnership.models import Project, Tenure
from usage.period import Period
from usage.reports import existing_in
from usage.store import Owner

Life = tuple[datetime, datetime | None]


def days_with_projects(owner: Owner, period: Period) -> set[date]:
    lives = lives_of_partner(owner, period) if owner.kind == "partner" else lives_of_organization(owner)
    return {day for life in lives for day in days_of(life, period)}


def lives_of_partner(owner: Owner, period: Period) -> Iterator[Life]:
    """One for all projects that are still there, and one for each that was deleted in the period."""
    mine = Project.objects.filter(existing_in(period), partner=owner.id, environment=owner.environment)
    since = mine.filter(deleted_at__isnull=True).aggregate(Min("created_at"))["created_at__min"]
    if since:
        yield since, None
    yield from mine.filter(deleted_at__isnull=False).values_list("created_at", "deleted_at").distinct()


def lives_of_organization(owner: Owner) -> Iterable[Life]:
    """Of each tenure; a day counts for who owned the project at its end, so the day of a transfer is the next one's."""
    rows = Tenure.objects.filter(organization=UUID(owner.id), project__environment=owner.environment)
    for since, until, deleted_at in rows.filter(no_transfer_after_deletion()).values_list(
        "from_at", "until_at", "project__deleted_at"
    ):
        ends = [end for end in (until - timedelta(days=1) if until else None, deleted_at) if end]
        yield since, min(ends, default=None)


def no_transfer_after_deletion() -> Q:
    return Q(project__deleted_at__isnull=True) | Q(from_at__lte=F("project__deleted_at"))


def days_of(life: Life, period: Period) -> Iterator[date]:
    since, until = life
    day = max(since.astimezone(UTC).date(), period.first)
    last = min(until.astimezone(UTC).date(), period.last) if until else period.last
    while day <= last:
        yield day
        day += timedelta(days=1)
