"""How many calls a partner made on each UTC day, how they were answered and how long they took.

Kept far longer than the calls themselves, and written with them (docs/decisions/0182). A duration is
counted in a bucket of a fixed size: four to each doubling, so a percentile that is read from them
is at most a fifth (2^(1/4)) above the whole milliseconds that the log holds; what took over 17 minutes counts as 17.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.db.models import Min

from accounts.sweeps import delete_batch
from partnership.models import CallCount, LoggedCall, Partner

KEPT = timedelta(days=400)
# Upper bounds of the buckets in milliseconds, up to 17 minutes; those of the fastest calls are exact.
BOUNDS = sorted({round(2 ** (quarter / 4)) for quarter in range(81)})
CLASSES = (2, 4, 5)
ROW = "(%s, %s, %s, %s, %s, %s)"
ADD = """
INSERT INTO partnership_callcount (partner_id, environment, day, status_class, up_to_milliseconds, calls) VALUES %s
ON CONFLICT (partner_id, environment, day, status_class, up_to_milliseconds)
DO UPDATE SET calls = partnership_callcount.calls + excluded.calls
"""

Key = tuple[str, str, date, int, int]


@dataclass(slots=True)
class Counted:
    """Calls by the hundreds of their status, and by the upper bound of their duration in milliseconds."""

    by_class: Counter[int] = field(default_factory=Counter)
    by_bound: Counter[int] = field(default_factory=Counter)

    def add(self, other: Counted) -> None:
        self.by_class += other.by_class
        self.by_bound += other.by_bound

    def percentile(self, share: int) -> int | None:
        """So many milliseconds at most took `share` percent of the calls; None: there were none."""
        wanted, seen = self.by_bound.total() * share, 0
        for bound in sorted(self.by_bound):
            seen += self.by_bound[bound]
            if seen * 100 >= wanted:
                return bound
        return None


def count(calls: Sequence[LoggedCall]) -> None:
    """Adds `calls` to what is counted, by one statement, in the caller's transaction.

    In one order: two processes that add to the same rows wait for each other in turn, never in a ring.
    """
    counted = sorted(Counter(map(key_of, calls)).items())
    if not counted:
        return
    day_of = connection.ops.adapt_datefield_value
    values = [
        value
        for (partner, environment, day, class_, bound), calls_ in counted
        for value in (partner, environment, day_of(day), class_, bound, calls_)
    ]
    with connection.cursor() as cursor:
        cursor.execute(ADD % ", ".join([ROW] * len(counted)), values)


def key_of(call: LoggedCall) -> Key:
    day = call.answered_at.astimezone(UTC).date()
    return call.partner_id, call.environment, day, class_of(call.status), bound_of(call.milliseconds)


def class_of(status: int) -> int:
    """What is no error is a 2xx, a redirect too."""
    return status // 100 if status >= 400 else 2


def bound_of(milliseconds: int) -> int:
    return BOUNDS[min(bisect_left(BOUNDS, milliseconds), len(BOUNDS) - 1)]


def of_days(partner: Partner, environment: str, first: date, last: date) -> dict[date, Counted]:
    """The days from `first` to `last` on which the partner called."""
    found: dict[date, Counted] = {}
    rows = CallCount.objects.filter(partner=partner, environment=environment, day__range=(first, last))
    for day, class_, bound, calls in rows.values_list("day", "status_class", "up_to_milliseconds", "calls"):
        counted = found.setdefault(day, Counted())
        counted.by_class[class_] += calls
        counted.by_bound[bound] += calls
    return found


def first_day(partner: Partner, environment: str) -> date | None:
    """Since when the partner's calls are counted."""
    rows = CallCount.objects.filter(partner=partner, environment=environment)
    day: date | None = rows.aggregate(first=Min("day"))["first"]
    return day


def sweep(now: datetime) -> int:
    """Deletes a batch of the counts past their days. How many."""
    return delete_batch(CallCount.objects.filter(day__lt=(now - KEPT).astimezone(UTC).date()).order_by("day"))
