"""What is read of usage: the figures of a project, a partnership, an organization, and what is behind them.

Sums and peaks of one answer come from the same rows, added up in one place (`metrics.fold`).
Source: usage.md, "Reads"; platform.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Organization
from partnership.connections import names_for
from partnership.models import Absence, Partner, Project
from usage.chosen_store import store
from usage.metrics import METRICS, SUMS, Amounts, Metric, fold
from usage.period import Period
from usage.store import Adjustment, CountedEvent, Day, Owner

Body = dict[str, object]
Shown = dict[str, int | Decimal]


def by_name(amounts: Amounts) -> Shown:
    """As daily rows call them."""
    return {name: metric.shown(amounts[name]) for name, metric in METRICS.items()}


def by_project_name(amounts: Amounts) -> Shown:
    return {metric.project_name: metric.shown(amounts[name]) for name, metric in METRICS.items()}


def by_total_name(amounts: Amounts) -> Shown:
    return {metric.total_name: metric.shown(amounts[name]) for name, metric in METRICS.items()}


def daily_row(day: Day) -> Body:
    row: Body = {"usage_date": day.on.isoformat(), **by_name(day.amounts)}
    return {**row, "estimated": True} if day.estimated else row


def of_project(project: Project, period: Period, now: datetime) -> Body:
    """`period`, `summary`, `adjustments` and `daily_usage` of one project, deleted or not."""
    past = period.so_far(now)
    days = store.daily(project.pk, past.first, past.last) if past.first <= past.last else []
    return {
        "period": period.public(),
        "summary": by_project_name(fold(day.amounts for day in days)),
        "adjustments": adjustment_rows(store.adjustments(project.pk, period.first, period.last)),
        "daily_usage": [daily_row(day) for day in days],
    }


def of_partner(partner: Partner, environment: str, period: Period, now: datetime, *, by_day: bool) -> Body:
    """`period`, `summary` and `adjustments` over all projects; `daily_usage` too if `by_day`."""
    owner, past = Owner("partner", partner.pk, environment), period.so_far(now)
    body: Body = {"period": period.public()}
    if by_day:
        days = store.owner_days(owner, past.first, past.last)
        body["summary"] = by_total_name(fold(day.amounts for day in days))
        body["daily_usage"] = [daily_row(day) for day in days]
    else:
        body["summary"] = by_total_name(store.owner_total(owner, past.first, past.last))
    body["adjustments"] = adjustment_rows(store.adjustments(owner, period.first, period.last))
    return body


def of_organization(organization: Organization, period: Period, now: datetime) -> Body:
    """`usage_summary` and `projects` (platform.md); a project counts for the days that it belonged here."""
    owner, past = Owner("organization", str(organization.pk)), period.so_far(now)
    projects = list(owned_in(organization, period))
    totals = store.project_totals(owner, [project.pk for project in projects], past.first, past.last)
    sizes = ("database_size_bytes", "file_storage_bytes", "egress_bytes")
    return {
        "period": period.public(),
        "usage_summary": by_total_name(store.owner_total(owner, past.first, past.last)),
        "adjustments": adjustment_rows(store.adjustments(owner, period.first, period.last)),
        "projects": [
            {
                **project_key(project),
                **{METRICS[name].total_name: METRICS[name].shown(totals[project.pk][name]) for name in sizes},
            }
            for project in projects
        ],
    }


def project_key(project: Project) -> Body:
    return {"id": str(project.pk), "name": project.name, "status": project.status}


def existing_in(period: Period) -> Q:
    """Projects that were there on some day of `period`."""
    ends_at = datetime.combine(period.last + timedelta(days=1), time(), UTC) if period.last < date.max else None
    begun = Q(created_at__lt=ends_at) if ends_at else Q()
    begins_at = datetime.combine(period.first, time(), UTC)
    there = begun & (Q(deleted_at__isnull=True) | Q(deleted_at__gte=begins_at))
    if ends_at is None:
        return there
    gone = Absence.objects.filter(project=OuterRef("pk"), from_at__lt=begins_at, until_at__gte=ends_at)
    return there & (Q(recovered_at__isnull=True) | Q(~Exists(gone)))


def counted_in(owner: Owner, period: Period) -> Q:
    """Those of the owner's projects that have a part in its figures of `period`: also what was made after it and
    has usage from before, as its senders' clocks are behind or it was moved in."""
    return existing_in(period) | Q(pk__in=store.used_before_made(owner, period.first, period.last))


def after(project: Project) -> Q:
    """What comes after `project` in the order of creation."""
    return Q(created_at__gt=project.created_at) | Q(created_at=project.created_at, pk__gt=project.pk)


def owned_in(organization: Organization, period: Period) -> QuerySet[Project]:
    """Newest first."""
    ends_at = datetime.combine(min(period.last, date.max - timedelta(days=1)) + timedelta(days=1), time(), UTC)
    begins_at = datetime.combine(period.first, time(), UTC)
    still = Q(tenures__until_at__isnull=True) | Q(tenures__until_at__gt=begins_at)
    there = existing_in(period) & still & Q(tenures__organization=organization, tenures__from_at__lt=ends_at)
    owner = Owner("organization", str(organization.pk))
    early = Q(pk__in=store.used_before_made(owner, period.first, period.last))
    return Project.objects.filter(there | early, environment="live").distinct().order_by("-created_at", "-pk")


def totals_of(
    partner: Partner, environment: str, projects: Iterable[Project], period: Period, now: datetime
) -> Iterator[Body]:
    """A row for each of `projects`: its period, by the partnership's names."""
    listed, past = list(projects), period.so_far(now)
    owner = Owner("partner", partner.pk, environment)
    names = names_for(partner, listed)
    totals = store.project_totals(owner, list(names), past.first, past.last)
    return (
        {**project_key(project), "name": names[project.pk], **by_total_name(totals[project.pk])} for project in listed
    )


def adjustment_rows(adjustments: Iterable[Adjustment]) -> list[Body]:
    """What was posted on a day for an earlier one, added up: closed figures stay as they are."""
    rows: dict[tuple[date, date], dict[str, int]] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    for each in adjustments:
        row = rows[each.posted_on, each.original_day]
        for name in SUMS:
            row[name] += each.amounts[name]
    return [
        {
            "posted_on": posted_on.isoformat(),
            "usage_date": original_day.isoformat(),
            **{name: METRICS[name].shown(row[name]) for name in SUMS},
        }
        for (posted_on, original_day), row in sorted(rows.items())
    ]


def event_row(event: CountedEvent, metric: Metric) -> Body:
    return {
        "source": event.source,
        "id": event.id,
        "time": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "received_at": event.received_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "value": metric.shown(event.amounts[metric.name]),
    }
