"""The one row that every ingest reads first (`models.IngestGate`), and who locks it against them.

An ingest's read holds ACCESS SHARE of the table until its transaction ends. Closing a month,
turning the generation and summing up take ACCESS EXCLUSIVE: what went by the old row has ended
then, and what comes reads the new one. On SQLite a transaction is alone anyway.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

import psycopg
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from usage.sql_store.sql import as_time, execute, fetch, is_postgresql

NOTHING_CLOSED = date(2000, 1, 1)
# Deadlock, serialization failure; and the key of two at once, of which the second finds it next time.
RETRIED = ("40P01", "40001", "23505")
ATTEMPTS = 4
WHOLE = "generation, generation_began_at, first_open_day, oldest_event_day, summed_before, is_copied"
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Gate:
    generation: int
    generation_began_at: datetime
    first_open_day: date  # days before it are closed for good
    oldest_event_day: date  # days before it have lost events
    summed_before: date  # partners' days from here on are not summed up
    is_copied: bool  # what is counted goes to the outbox


class GateMissing(Exception):
    """The row is not there: tests empty tables."""


def read() -> Gate:
    """The gate, inside a transaction. Raises GateMissing."""
    rows = fetch(f"SELECT {WHOLE} FROM usage_ingestgate")
    if not rows:
        raise GateMissing
    generation, began_at, first_open_day, oldest_event_day, summed_before, is_copied = rows[0]
    return Gate(generation, as_time(began_at), first_open_day, oldest_event_day, summed_before, bool(is_copied))


def shut() -> Gate:
    """The gate, with no ingest under way until the transaction ends."""
    if is_postgresql():
        execute("LOCK TABLE usage_ingestgate IN ACCESS EXCLUSIVE MODE")
    return read()


def through(work: Callable[[Gate], Result], *, shutting: bool = False) -> Result:
    """What `work` gives in a transaction of its own, tried again after a deadlock."""
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return work(shut() if shutting else read())
        except GateMissing:
            make()
        except (OperationalError, IntegrityError) as error:
            if attempt == ATTEMPTS - 1 or not may_be_retried(error):
                raise
            time.sleep(random.uniform(0.002, 0.02) * 2**attempt)  # noqa: S311 jitter
    raise AssertionError("an attempt returns or raises")


def may_be_retried(error: Exception) -> bool:
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and cause.sqlstate in RETRIED


def make() -> None:
    with transaction.atomic():
        if is_postgresql():
            execute("LOCK TABLE usage_ingestgate IN ACCESS EXCLUSIVE MODE")
        execute(
            f"INSERT INTO usage_ingestgate (id, {WHOLE}) VALUES (1, 1, %s, %s, %s, %s, false) ON CONFLICT DO NOTHING",
            [timezone.now(), *[NOTHING_CLOSED] * 3],
        )
        guard(NOTHING_CLOSED)


def peek() -> Gate:
    """The gate for those who only look."""
    try:
        return read()
    except GateMissing:
        return Gate(1, timezone.now(), NOTHING_CLOSED, NOTHING_CLOSED, NOTHING_CLOSED, is_copied=False)


# What must not change: rows of closed days, and adjustments posted in closed months (they stand in
# its statement). A partner's finished day may be summed up later, once.
GUARDED = (
    ("usage_daily", "NEW", "INSERT OR UPDATE", "NEW.day"),
    ("usage_daily", "OLD", "UPDATE OR DELETE", "OLD.day"),
    ("usage_adjustment", "NEW", "INSERT OR UPDATE", "NEW.posted_on"),
    ("usage_adjustment", "OLD", "UPDATE OR DELETE", "OLD.posted_on"),
    ("usage_partnerday", "OLD", "UPDATE OR DELETE", "OLD.is_ready AND OLD.day"),
)


def guard(first_open_day: date) -> None:
    """PostgreSQL: makes the triggers that refuse changes of closed months, the day baked in as a
    constant, so that an ingest pays for one comparison. On SQLite they read the gate's row."""
    if not is_postgresql():
        return
    for table, row, verbs, condition in GUARDED:
        execute(
            f"CREATE OR REPLACE TRIGGER {table}_closed_{row.lower()} BEFORE {verbs} ON {table} FOR EACH ROW "
            f"WHEN ({condition} < DATE '{first_open_day}') EXECUTE FUNCTION usage_refuse_closed()"
        )
