"""The days of a partnership's peak, sample by sample: what it was before each event of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from uuid import UUID

from partnership.models import Project
from usage.chosen_store import store
from usage.period import Period
from usage.sql_store.lives import Life, find_absences, life
from usage.store import Owner, Recorded

ONE_DAY = timedelta(days=1)
Samples = dict[date, int]  # of the days that have one


@dataclass
class Totals:
    """`others`: each day of the projects that are in no event; `mine`: the samples of those that are."""

    metric: str
    others: dict[date, int]
    mine: dict[UUID, Samples]
    lives: dict[UUID, Life]

    def add(self, event: Recorded) -> None:
        day, samples = event.at.astimezone(UTC).date(), self.mine[event.project]
        samples[day] = max(samples.get(day, 0), event.amounts[self.metric])

    def highest(self, since: date = date.min) -> int:
        days = dict(self.others)
        for project, samples in self.mine.items():
            for day, amount in carried(samples, self.lives[project], list(days)):
                days[day] += amount
        return max((amount for day, amount in days.items() if day >= since), default=0)


def find(
    owner: Owner, metric: str, period: Period, events: Sequence[Recorded], *, at_least: int, today: date
) -> Totals | None:
    """The totals as they were before `events`; None if none of them can have brought a day to `at_least`.

    To leave the events out, all of their days' have to be looked through: what can't be reached
    even if every project stood at its highest is told without.
    """
    days = {day.on: day.amounts[metric] for day in store.owner_days(owner, period.first, period.last)}
    projects = sorted({event.project for event in events})
    now = store.samples(projects, metric, period.first, period.last)
    lives = find_lives(projects, today)
    for project in projects:
        for day, amount in carried(now[project], lives[project], list(days)):
            days[day] -= amount
    if max(days.values()) + sum(max(now[project].values()) for project in projects) < at_least:
        return None
    before = store.samples(projects, metric, period.first, period.last, without=events)
    return Totals(metric, days, before, lives)


def find_lives(projects: Sequence[UUID], today: date) -> dict[UUID, Life]:
    """The days on which the projects carry their samples on."""
    rows = list(Project.objects.filter(pk__in=projects).values_list("pk", "created_at", "deleted_at", "recovered_at"))
    absences = find_absences([project for project, _, _, recovered_at in rows if recovered_at])
    return {
        project: life(created_at.date(), deleted_at.date() if deleted_at else today, absences.get(project, ()))
        for project, created_at, deleted_at, _ in rows
    }


def carried(samples: Samples, lived: Life, days: Sequence[date]) -> Iterator[tuple[date, int]]:
    """The amount on each of `days`: its sample or, while the project exists, the last one before."""
    known = sorted(samples)
    for day in days:
        latest = next((each for each in reversed(known) if each <= day), None)
        if latest is not None and (latest == day or lived.has(day)):
            yield day, samples[latest]
