"""Spans of a UTC day, and the ids of what is collected for one: any collector, anywhere, makes the same."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

# Of compute and of backends' counters. Never another: the new spans would overlap the old ones, and
# their seconds count twice. Sizes have a setting of their own: of them the highest counts anyway.
INTERVAL = timedelta(minutes=15)
ONE_DAY = timedelta(days=1)
NAMESPACE = UUID("5e0f6a9c-3f0b-5c55-9d0a-6a1f3f3f6d11")


def start_of(at: datetime, length: timedelta = INTERVAL) -> datetime:
    """The start of the span of `length` that `at` is in. The grid begins anew each midnight: none crosses one."""
    at = at.astimezone(UTC)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // length * length


def end_of(start: datetime, length: timedelta = INTERVAL) -> datetime:
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(start + length, midnight + ONE_DAY)


def event_id(project: UUID, name: str, start: datetime) -> str:
    return str(uuid5(NAMESPACE, f"{project} {name} {start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"))
