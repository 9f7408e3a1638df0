"""What time it is, the same on every host: by the database's clock, read now and then.

A code, a token or a lease is written by one host and judged by another. Between two readings this
host's monotonic clock goes on, which nobody sets (docs/decisions/0153).
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from accounts.statements import is_postgresql

READ_EVERY_SECONDS = 30
# So far may this host's two clocks have gone apart since: it was set, or the machine slept.
TOLERANCE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    at: datetime  # by the database
    wall_seconds: float
    monotonic_seconds: float

    @property
    def age_seconds(self) -> float:
        return time.monotonic() - self.monotonic_seconds

    @property
    def is_fresh(self) -> bool:
        age_seconds = self.age_seconds
        drift_seconds = time.time() - self.wall_seconds - age_seconds
        return age_seconds < READ_EVERY_SECONDS and abs(drift_seconds) < TOLERANCE_SECONDS

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.age_seconds)


last: Reading | None = None  # of this process


def now() -> datetime:
    """By the database; where it does not answer, on from the last reading, or else by this host. Raises nothing."""
    global last  # noqa: PLW0603  one of a process, and any thread's reading is as good
    if not is_postgresql():  # SQLite has no clock of its own: it is in this process
        return timezone.now()
    if last is None or not last.is_fresh:
        with suppress(DatabaseError, InterfaceError):
            last = read()
    return last.now() if last else timezone.now()


def read() -> Reading:
    with connection.cursor() as cursor:
        before = time.monotonic()
        cursor.execute("SELECT clock_timestamp()")
        (at,) = cursor.fetchone()
        after = time.monotonic()
    return Reading(at, time.time(), (before + after) / 2)
