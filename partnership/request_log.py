"""The calls that partners make, kept for some days: for them, and for staff who are asked about one.

A request only puts a row into memory. A thread of the same process writes what has gathered, at
most a second later, and what is left when the process stops. Why: docs/decisions/0165.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections, transaction
from django.http import HttpRequest

from accounts.prepared import insert_all
from accounts.redaction import redact
from accounts.sweeps import delete_batch
from partnership import call_counts
from partnership.authentication import CALLER, Caller
from partnership.models import LoggedCall

log = structlog.get_logger("gatehouse.request_log")

AT_ONCE = 500  # rows in one statement
AT_MOST = 10_000  # in memory: some megabytes, and a minute of a database that is away
EVERY_SECONDS = 1.0
LONGEST_PATH = 500

# Appended to by requests, emptied by the one writer: both ends are safe without a lock.
waiting: deque[LoggedCall] = deque()
full_batch = threading.Event()
stopping = threading.Event()


def note(request: HttpRequest, *, status: int, milliseconds: float) -> bool:
    """Remembers the call of a partner whose secret was found good. False: memory is full, it was dropped."""
    if len(waiting) >= AT_MOST:
        return False
    caller: Caller = request.META[CALLER]
    waiting.append(
        LoggedCall(
            partner_id=caller.partner.pk,
            environment=caller.environment,
            method=str(request.method)[:10],
            path=request.path[:LONGEST_PATH],
            status=status,
            error_code=request.META.get("gatehouse.error_code", ""),
            request_id=caller.request_id,
            milliseconds=round(milliseconds),
            answered_at=datetime.now(UTC),
        )
    )
    if len(waiting) >= AT_ONCE:
        full_batch.set()
    return True


@contextmanager
def writing() -> Iterator[None]:
    """A thread writes while the block runs; at its end everything that waits is written."""
    stopping.clear()
    writer = threading.Thread(target=write_until_stopped, name="request log", daemon=True)
    writer.start()
    try:
        yield
    finally:
        stopping.set()
        full_batch.set()
        writer.join()


def write_until_stopped() -> None:
    while not stopping.is_set():
        full_batch.wait(EVERY_SECONDS)
        full_batch.clear()
        close_old_connections()
        write()
    write()
    if waiting:
        log.error("calls lost", count=len(waiting))
    connections.close_all()


def write() -> int:
    """Writes and counts what waits, `AT_ONCE` rows a statement. How many; what the database did not take stays.

    For one thread of a process at a time.
    """
    written = 0
    while batch := list(islice(waiting, AT_ONCE)):
        for row in batch:
            row.path = redact(row.path).replace("\0", "")[:LONGEST_PATH]
        try:
            keep(batch)
        except (OperationalError, InterfaceError) as fault:
            log.warning("calls not written", waiting=len(waiting), failure=type(fault).__name__)
            return written
        except Exception:
            # Kept, it would be refused again and again, and everything behind it would wait.
            log.exception("calls refused", count=len(batch))
        else:
            written += len(batch)
        for _row in batch:
            waiting.popleft()
    return written


def keep(batch: list[LoggedCall]) -> None:
    """Writes and counts `batch`, both or neither, and nothing a second time.

    Rows that have a key were tried before. The connection may have gone while they were committed, and
    only the table tells whether they were.
    """
    tried = [row.pk for row in batch if row.pk is not None]
    there = set(LoggedCall.objects.filter(pk__in=tried).values_list("pk", "answered_at")) if tried else set()
    batch = [row for row in batch if (row.pk, row.answered_at) not in there]
    for row in batch:
        row.pk = None
    with transaction.atomic():
        insert_all(batch)
        call_counts.count(batch)


def sweep(now: datetime) -> int:
    """Deletes a batch of the calls past their days. How many."""
    old = LoggedCall.objects.filter(answered_at__lt=now - timedelta(days=settings.REQUEST_LOG_DAYS))
    return delete_batch(old.order_by("answered_at"))
