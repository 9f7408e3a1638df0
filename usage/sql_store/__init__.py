"""Metering on PostgreSQL and SQLite: `store` is the `UsageStore` of the service."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from datetime import date, datetime
from uuid import UUID

from usage.metrics import Amounts
from usage.sql_store import closing, house, late, ranking, reading, rebuilding, recording, running, trail, voiding
from usage.sql_store.clock import clock
from usage.sql_store.gate import through
from usage.sql_store.judging import Key, by_time, sent
from usage.store import (
    Adjustment,
    Day,
    Difference,
    EventPage,
    Mended,
    Owner,
    Recorded,
    Result,
    Sender,
    UsageEvent,
    UsageStore,
    Verdict,
    Watch,
)

__all__ = ["SqlStore", "store"]


class SqlStore:
    def clock(self) -> datetime:
        return clock()

    def record(
        self, sender: Sender, events: Sequence[UsageEvent], now: datetime, watch: Watch | None = None
    ) -> list[Verdict]:
        """What is recorded first, then what is taken back: the order within a batch says nothing."""
        if recording.is_clean(sender, events, now, watch):
            return [Verdict.ACCEPTED] * len(events)
        verdicts = {index: verdict for index, event in enumerate(events) if (verdict := by_time(event, now))}
        timely = [sent(index, event) for index, event in enumerate(events) if index not in verdicts]
        verdicts |= recording.record(sender, [each for each in timely if isinstance(each.event, Recorded)], now, watch)
        voids = [each for each in timely if not isinstance(each.event, Recorded)]
        verdicts |= voiding.record(sender, voids, now, self.find_moved)
        return [verdicts[index] for index in range(len(events))]

    def find_moved(self, keys: Set[Key]) -> Mapping[Key, voiding.Target]:
        """Events of `keys` that are not in this database any more."""
        return {}

    def alone(self, work: Callable[[], Result]) -> Result:
        return through(lambda _gate: work(), shutting=True)

    def sum_of(self, projects: Owner | UUID, metric: str, first: date, last: date) -> int:
        return running.sum_of(projects, metric, first, last)

    def samples(
        self, projects: Collection[UUID], metric: str, first: date, last: date, *, without: Collection[Recorded] = ()
    ) -> dict[UUID, dict[date, int]]:
        return running.samples(projects, metric, first, last, without=without)

    def daily(self, project: UUID, first: date, last: date) -> list[Day]:
        return reading.daily(project, first, last)

    def owner_days(self, owner: Owner, first: date, last: date) -> list[Day]:
        return reading.owner_days(owner, first, last)

    def owner_total(self, owner: Owner, first: date, last: date) -> dict[str, int]:
        return reading.owner_total(owner, first, last)

    def project_totals(self, owner: Owner, projects: Sequence[UUID], first: date, last: date) -> dict[UUID, Amounts]:
        return reading.project_totals(owner, projects, first, last)

    def used_before_made(self, owner: Owner, first: date, last: date) -> list[UUID]:
        return reading.used_before_made(owner, first, last)

    def top_projects(self, owner: Owner, metric: str, first: date, last: date, limit: int) -> list[UUID]:
        return ranking.top_projects(owner, metric, first, last, limit)

    def daily_rows(self, owner: Owner, projects: Sequence[UUID], first: date, last: date) -> Iterator[tuple[UUID, Day]]:
        return reading.daily_rows(owner, projects, first, last)

    def events(
        self, project: UUID, on: date, metric: str, *, after: tuple[datetime, str, str] | None, limit: int
    ) -> EventPage:
        return trail.events(project, on, metric, after=after, limit=limit)

    def adjustments(self, projects: Owner | UUID, first: date, last: date) -> list[Adjustment]:
        return trail.adjustments(projects, first, last)

    def first_open_day(self) -> date:
        return closing.first_open_day()

    def close_before(self, first_open_day: date, now: datetime) -> None:
        closing.close_before(first_open_day, now)

    def recompute(self, first: date, last: date, *, repair: bool, mended: Mended | None = None) -> list[Difference]:
        return rebuilding.recompute(max(first, closing.oldest_day_here()), last, repair=repair, mended=mended)

    def late_days(self, arrived_before: date) -> list[date]:
        return late.days(arrived_before)

    def forget_late_days(self, arrived_before: date) -> None:
        late.forget(arrived_before)

    def oldest_event_day(self) -> date:
        return closing.oldest_day_here()

    def forget(self, before: date) -> int:
        return closing.forget(before)

    def copy_due(self, now: datetime) -> int:
        return 0

    def keep_house(self, now: datetime) -> int:
        return house.keep(now)


store: UsageStore = SqlStore()
