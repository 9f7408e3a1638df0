"""The days that a read is about: UTC, both ends included (usage.md, "Reads")."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import QueryDict

from partnership.errors import Fault, Invalid
from usage.store import MAX_EARLY

MAX_DAYS = 366
DEFAULT_DAYS_BEFORE = 7
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    first: date
    last: date

    def so_far(self, now: datetime) -> "Period":
        """Without the days that can have no figures yet: senders' clocks may be ahead of ours."""
        return Period(self.first, min(self.last, (now + MAX_EARLY).date()))

    def public(self) -> dict[str, str]:
        return {"start": f"{self.first}T00:00:00Z", "end": f"{self.last}T23:59:59Z"}


def read_period(query: QueryDict, today: date) -> Period:
    """`start_date` and `end_date` of `query`. Raises Invalid (422), which names the parameter."""
    last = read_day(query, "end_date") or today
    first = read_day(query, "start_date") or days_before(last, DEFAULT_DAYS_BEFORE)
    if first > last:
        raise Invalid(Fault("start_date", "reversed", "start_date must not be after end_date."))
    if (last - first).days >= MAX_DAYS:
        raise Invalid(Fault("start_date", "too_long", f"start_date to end_date may be at most {MAX_DAYS} days."))
    return Period(first, last)


def days_before(day: date, count: int) -> date:
    return day - timedelta(days=min(count, (day - date.min).days))


def read_day(query: QueryDict, name: str) -> date | None:
    """Raises Invalid (422) unless `name` is absent or one day of the calendar."""
    if name not in query:
        return None
    try:
        return parse_day(query.get(name, ""))
    except ValueError:
        raise Invalid(Fault(name, "invalid", f"{name} must be a day such as 2026-01-31.")) from None


def parse_day(text: str) -> date:
    """Raises ValueError for all but YYYY-MM-DD: ISO 8601 has other spellings of a day."""
    if not DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def check_parameters(query: QueryDict, known: Collection[str]) -> None:
    """Raises Invalid (422) for a parameter that is not among `known`, or that comes twice."""
    faults = list(parameter_faults(query, known))
    if faults:
        raise Invalid(*faults)


def parameter_faults(query: QueryDict, known: Collection[str]) -> Iterator[Fault]:
    for name, values in query.lists():
        if name not in known:
            # Cut: the name is the caller's own, and may be as long as the request line.
            yield Fault(name[:64], "unknown", f"{name[:64]} is unknown. Known are: {', '.join(sorted(known))}.")
        elif len(values) > 1:
            yield Fault(name, "repeated", f"{name} must be given once.")
