"""The counters of projects' own backends, where the provisioner's settings say how they are asked.

Each backend is asked in a thread of its own, a few at once. The threads know no database, and
nothing is asked within a transaction. Source: usage.md, "Metering in", Collectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

import structlog

from partnership import catalog, project_keys, webhooks
from partnership.models import Project, Provisioner
from usage import collection_rows, collectors
from usage.backend_answers import Backend, Found, clock
from usage.collectors import Sample
from usage.intervals import INTERVAL, start_of
from usage.models import Collection

log = structlog.get_logger("gatehouse.usage")

KIND = Collection.Kind.COUNTERS
GRACE = timedelta(minutes=5)  # after an interval's end: a backend has a clock of its own, and may count late
THREADS = 4
INTERVALS_AT_ONCE = 20  # of one backend: 35 days are made up for in some 170 rounds
ROUND_SECONDS = 8.0  # then a stop may come, and the worker asks again at once

Paths = Mapping[int, str]  # provisioner -> where its backends are asked
Asked = dict[Future[Found], Collection]


def collect(now: datetime) -> int:
    """Asks the backends that are due; how many. Any number of workers at once."""
    paths = read_paths()
    if not paths:
        return 0
    active = Project.objects.filter(status=Project.Status.ACTIVE, provisioner__in=list(paths))
    collection_rows.begin(KIND, active, now)
    until, asked = clock() + ROUND_SECONDS, 0
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = ask(pool, paths, now, THREADS)
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for task in done:
                settle(waiting.pop(task), task.result(), now)
            asked += len(done)
            if clock() < until:
                waiting |= ask(pool, paths, now, THREADS - len(waiting))
    return asked


def read_paths() -> Paths:
    """Settings that can't be read stop no other provisioner; that its projects fail, the sizes tell."""
    paths = {}
    for provisioner in Provisioner.objects.order_by("pk"):
        try:
            path = catalog.usage_path(catalog.settings_of(provisioner))
        except Exception as fault:
            log.warning("usage path not read", provisioner=provisioner.pk, fault=type(fault).__name__)
            continue
        if path:
            paths[provisioner.pk] = path
    return paths


def ask(pool: ThreadPoolExecutor, paths: Paths, now: datetime, limit: int) -> Asked:
    """Up to `limit` backends, on their way; nothing if nothing is due."""
    asked: Asked = {}
    while rows := collection_rows.claim(KIND, now, provisioners=list(paths), limit=limit - len(asked)):
        for row in rows:
            if found := prepare(row, paths, now):
                asked[pool.submit(found.run)] = row
        if len(asked) == limit:
            break
    return asked


def prepare(row: Collection, paths: Paths, now: datetime) -> Backend | None:
    """The backend of `row`; nothing, and when it is due again is said, if it can't be asked now."""
    if row.project.status == Project.Status.DELETED:
        collection_rows.end(row)
    elif row.project.status != Project.Status.ACTIVE:  # it may run again
        collection_rows.wait(row, now + INTERVAL)
    else:
        try:
            return backend(row, paths[row.project.provisioner_id], now)
        except Exception as fault:  # a key that is missing, or no longer to be decrypted
            fail(row, "key_unreadable", now, type(fault).__name__)
    return None


def backend(row: Collection, path: str, now: datetime) -> Backend:
    first, until = collection_rows.first_missing(row, now), start_of(now - GRACE)
    missing = max(0, (until - first) // INTERVAL)
    return Backend(
        url=row.project.own_host + path,
        key=project_keys.current(row.project),
        starts=[first + number * INTERVAL for number in range(min(missing, INTERVALS_AT_ONCE))],
        reach=webhooks.reach(),
    )


def settle(row: Collection, found: Found, now: datetime) -> None:
    """Counts what was found, and says when it is asked again."""
    project = row.project
    samples = (
        Sample(
            project.pk,
            project.environment,
            KIND,
            start,
            collection_rows.time_of(project, start, start + INTERVAL),
            amounts,
        )
        for start, amounts in found.counted
    )
    collectors.count(KIND, (sample for sample in samples if sample.amounts), now)
    before = found.counted[-1][0] + INTERVAL if found.counted else collection_rows.first_missing(row, now)
    if found.counted or not found.failure:
        due_at = now if before + INTERVAL + GRACE <= now else before + INTERVAL + GRACE
        collection_rows.settle(row, now, before=before, due_at=due_at)
    if found.failure:
        fail(row, found.failure, now)


def fail(row: Collection, reason: str, now: datetime, detail: str = "") -> None:
    collectors.fail(KIND, row.project_id, reason, detail)
    collection_rows.put_off(row, reason, now, is_retryable=True)
