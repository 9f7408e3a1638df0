"""Seconds of compute, from the times a project was active by the audit log: the same whoever adds them up.

An interval counts when it is over and GRACE has passed: by then what happened in it is in the
log, whichever worker's clock wrote it and however long its transaction took.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from partnership.models import Event, Project
from usage import collection_rows, collectors
from usage.collectors import Sample
from usage.intervals import INTERVAL, start_of
from usage.models import Collection

KIND = Collection.Kind.COMPUTE
METRIC = "ec2_compute"
GRACE = timedelta(minutes=5)
BATCH = 200
INTERVALS_AT_ONCE = 200  # of one project: about two days of downtime
# After each of these the event's own shape of the project says whether it runs.
CHANGES = ("project.created", "project.moved_in", "project.paused", "project.restored", "project.deleted")
# Whoever may have run: a failed one has been taken back, or was never there.
LIVED = (Project.Status.ACTIVE, Project.Status.PAUSED, Project.Status.DELETED)

Change = tuple[datetime, bool]  # from then on it runs, or does not


def collect(now: datetime) -> int:
    """Counts the intervals that are over; of how many projects. Any number of workers at once."""
    collection_rows.begin(KIND, Project.objects.filter(status__in=LIVED), now)
    rows = collection_rows.claim(KIND, now, limit=BATCH)
    if not rows:
        return 0
    until = start_of(now - GRACE)
    changes = read_changes([row.project_id for row in rows])
    starts = {row.pk: collection_rows.first_missing(row, now) for row in rows}
    ends = {pk: min(until, start + INTERVALS_AT_ONCE * INTERVAL) for pk, start in starts.items()}
    collectors.count(
        KIND,
        (
            sample(row.project, start, seconds)
            for row in rows
            for start, seconds in active_seconds(changes[row.project_id], starts[row.pk], ends[row.pk])
        ),
        now,
    )
    for row in rows:
        settle(row, max(starts[row.pk], ends[row.pk]), until, now)
    return len(rows)


def sample(project: Project, start: datetime, seconds: int) -> Sample:
    at = collection_rows.time_of(project, start, start + INTERVAL)
    return Sample(project.pk, project.environment, METRIC, start, at, {METRIC: seconds})


def settle(row: Collection, before: datetime, until: datetime, now: datetime) -> None:
    deleted_at = row.project.deleted_at
    due_at = now if before < until else before + INTERVAL + GRACE
    collection_rows.settle(row, now, before=before, due_at=None if deleted_at and deleted_at < before else due_at)


def read_changes(projects: Sequence[UUID]) -> dict[UUID, list[Change]]:
    """When each of `projects` began and ceased to run, in the order in which it happened."""
    found: dict[UUID, list[Change]] = defaultdict(list)
    rows = Event.objects.filter(project__in=projects, type__in=CHANGES).order_by("project", "id")
    for project, occurred_at, data in rows.values_list("project", "occurred_at", "data"):
        changes = found[project]
        # Two workers' clocks differ: nothing happens before what happened before it.
        at = max(occurred_at, changes[-1][0]) if changes else occurred_at
        changes.append((at, data["project"]["status"] == Project.Status.ACTIVE))
    return found


def active_seconds(changes: Iterable[Change], start: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
    """Of each interval from `start` to `end` in which it ran: the seconds.

    Instants are cut to whole seconds, so that the intervals' sums are those of the whole time.
    """
    spans = list(running(changes, end))
    while start < end:
        next_ = start + INTERVAL
        seconds = sum(overlap_seconds(since, until, start, next_) for since, until in spans)
        if seconds:
            yield start, seconds
        start = next_


def running(changes: Iterable[Change], end: datetime) -> Iterator[tuple[datetime, datetime]]:
    since: datetime | None = None
    for instant, runs in changes:
        at = instant.replace(microsecond=0)
        if runs and since is None:
            since = at
        elif not runs and since is not None:
            yield since, at
            since = None
    if since is not None:
        yield since, max(since, end)


def overlap_seconds(since: datetime, until: datetime, start: datetime, end: datetime) -> int:
    return max(0, int((min(until, end) - max(since, start)).total_seconds()))
