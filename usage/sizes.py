"""Database size and stored bytes of every project there is, paused ones too, from its provisioner.

Each provisioner is asked in a thread of its own, a few at once: a slow one stops no other. The
threads know no database, and nothing is asked within a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from partnership import measuring
from partnership.models import Project, Provisioner
from partnership.provisioners.base import DriverError, Measurement
from usage import collection_rows, collectors
from usage.collectors import Sample
from usage.intervals import end_of, start_of
from usage.models import Collection

KIND = Collection.Kind.SIZES
THERE = (Project.Status.ACTIVE, Project.Status.PAUSED)  # what is paused still takes its room (metering.md, trap 14)
THREADS = 4
BATCH = 100
BATCH_SECONDS = 5.0  # of one provisioner, before what was found is counted
ROUND_SECONDS = 10.0  # then a stop may come, and the worker asks again at once

Claimed = dict[UUID, Collection]


def collect(now: datetime) -> int:
    """Samples what is due; how many projects it asked for. Any number of workers at once."""
    collection_rows.begin(KIND, Project.objects.filter(status__in=THERE), now)
    until, asked = measuring.clock() + ROUND_SECONDS, 0
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: dict[Future[list[measuring.Found]], tuple[Provisioner, Claimed]] = {}
        for provisioner in Provisioner.objects.order_by("pk"):
            waiting |= ask(pool, provisioner, now)
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for task in done:
                provisioner, claimed = waiting.pop(task)
                asked += settle(task.result(), claimed, now)
                if measuring.clock() < until:
                    waiting |= ask(pool, provisioner, now)
    return asked


def ask(
    pool: ThreadPoolExecutor, provisioner: Provisioner, now: datetime
) -> dict[Future[list[measuring.Found]], tuple[Provisioner, Claimed]]:
    """The next batch of `provisioner`, on its way; nothing if nothing is due."""
    claimed = {}
    for row in collection_rows.claim(KIND, now, provisioners=[provisioner.pk], limit=BATCH):
        if row.project.status in THERE:
            claimed[row.project_id] = row
        else:
            collection_rows.end(row)
    if not claimed:
        return {}
    round_ = measuring.prepare(provisioner, [row.project for row in claimed.values()])
    return {pool.submit(round_.run, BATCH_SECONDS): (provisioner, claimed)}


def settle(found: Sequence[measuring.Found], claimed: Claimed, now: datetime) -> int:
    """Counts what was found, and says when each is due again. How many were measured or failed."""
    length = timedelta(seconds=settings.USAGE_COLLECT_SECONDS)
    start = start_of(now, length)
    end = end_of(start, length)
    collectors.count(KIND, samples(found, claimed, start, end), now)
    for project, outcome in found:
        row = claimed.pop(project)
        if isinstance(outcome, DriverError):
            collectors.fail(KIND, project, outcome.code, outcome.detail)
            collection_rows.put_off(row, outcome.code, now, is_retryable=outcome.is_retryable)
        else:
            collection_rows.settle(row, now, before=end, due_at=end)
    for row in claimed.values():  # time was up
        collection_rows.give_back(row, now)
    return len(found)


def samples(found: Iterable[measuring.Found], claimed: Claimed, start: datetime, end: datetime) -> Iterator[Sample]:
    for id_, outcome in found:
        if isinstance(outcome, Measurement):
            project = claimed[id_].project
            at = collection_rows.time_of(project, start, end)
            sizes = {"database_size_bytes": outcome.database_bytes, "file_storage_bytes": outcome.storage_bytes}
            for name, size in sizes.items():
                yield Sample(id_, project.environment, name, start, at, {name: size})
