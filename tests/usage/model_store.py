"""A `UsageStore` in memory, dumb and obvious: dictionaries over the set of accepted events.

The oracle of the contract tests: every figure is computed anew from the events, each time.
Of projects it knows what it is told (`Known`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from usage import event_ids
from usage.metrics import MAX_DAY_AMOUNT, NAMES, PEAKS, SUMS, Amounts, fold
from usage.store import (
    MAX_EARLY,
    MAX_LATE,
    Adjustment,
    Counted,
    CountedEvent,
    Day,
    Difference,
    EventPage,
    Mended,
    Owner,
    Recorded,
    Result,
    Sender,
    UsageEvent,
    Verdict,
    Voided,
    Watch,
)

BEGINNING = date(2000, 1, 1)
ONE_DAY = timedelta(days=1)
GENERATION = timedelta(days=40)


@dataclass
class Known:
    """A project. `tenures`: (organization, from, until or None), oldest first."""

    id: UUID
    partner: str | None
    environment: str
    created_at: datetime
    deleted_at: datetime | None = None
    tenures: list[tuple[str, datetime, datetime | None]] = field(default_factory=list)
    absences: list[tuple[datetime, datetime]] = field(default_factory=list)  # deleted, recovered

    def is_gone(self, at: datetime) -> bool:
        if self.deleted_at and at > self.deleted_at:
            return True
        return any(deleted_at < at < recovered_at for deleted_at, recovered_at in self.absences)

    def is_gone_all_day(self, on: date) -> bool:
        return any(utc_day(deleted_at) < on < utc_day(recovered_at) for deleted_at, recovered_at in self.absences)


@dataclass
class Stored:
    """An accepted event. `adjusts`: posted as an adjustment. `taken_back`: voided while its month was open."""

    event: UsageEvent
    client: int
    received_at: datetime
    generation: int
    adjusts: bool = False
    voided: bool = False
    taken_back: bool = False

    @cached_property
    def key(self) -> tuple[str, str]:
        return self.event.source, self.event.id

    @cached_property
    def day(self) -> date:
        return utc_day(self.event.at)

    @cached_property
    def amounts(self) -> Amounts:
        return self.event.amounts if isinstance(self.event, Recorded) else {}

    @property
    def counts(self) -> bool:
        return isinstance(self.event, Recorded) and not self.adjusts and not self.taken_back


def utc_day(instant: datetime) -> date:
    return instant.astimezone(UTC).date()


class ModelStore:
    def __init__(self, projects: Mapping[UUID, Known], began_at: datetime) -> None:
        self.projects = projects
        self.stored: list[Stored] = []
        self.late_days_from = BEGINNING
        self.posted: list[Adjustment] = []
        self.open_from = BEGINNING
        self.events_from = BEGINNING
        self.generation, self.generation_began_at = 1, began_at
        self.frozen: dict[tuple[UUID, date], dict[str, int | None]] = {}  # of days whose events were forgotten

    def clock(self) -> datetime:
        return datetime.now(UTC)

    # What comes in

    def record(
        self, sender: Sender, events: Sequence[UsageEvent], now: datetime, watch: Watch | None = None
    ) -> list[Verdict]:
        verdicts: dict[int, Verdict] = {}
        for kind in (Recorded, Voided):
            for index, event in enumerate(events):
                if isinstance(event, kind):
                    verdicts[index] = self.judge(sender, event, now)
        accepted = [event for index, event in enumerate(events) if verdicts[index] is Verdict.ACCEPTED]
        counted = [each for each in accepted if isinstance(each, Recorded) and utc_day(each.at) >= self.open_from]
        if watch:
            watch(Counted(sender.environment, counted))
        return [verdicts[index] for index in range(len(events))]

    def alone(self, work: Callable[[], Result]) -> Result:
        return work()

    def sum_of(self, projects: Owner | UUID, metric: str, first: date, last: date) -> int:
        ids = [projects] if isinstance(projects, UUID) else self.owned(projects)
        return sum((self.row(id_, on) or {}).get(metric) or 0 for id_ in ids for on in days(first, last))

    def owned(self, owner: Owner) -> list[UUID]:
        return [
            known.id
            for known in self.projects.values()
            if (known.partner, known.environment) == (owner.id, owner.environment)
        ]

    def samples(
        self, projects: Collection[UUID], metric: str, first: date, last: date, *, without: Collection[Recorded] = ()
    ) -> dict[UUID, dict[date, int]]:
        left_out = {(event.source, event.id) for event in without}
        found: dict[UUID, dict[date, int]] = {project: {} for project in projects}
        there = [stored for stored in self.stored if stored.counts and stored.key not in left_out]
        for stored in there:
            if stored.event.project in found and metric in stored.amounts and stored.day <= last:
                of_project = found[stored.event.project]
                of_project[stored.day] = max(of_project.get(stored.day, 0), stored.amounts[metric])
        return {project: self.from_first(samples, first) for project, samples in found.items()}

    def from_first(self, samples: dict[date, int], first: date) -> dict[date, int]:
        """What is carried into the period stands at the day before it."""
        before = max((day for day in samples if day < first), default=None)
        carried = {first - ONE_DAY: samples[before]} if before else {}
        return {**carried, **{day: sample for day, sample in samples.items() if day >= first}}

    def judge(self, sender: Sender, event: UsageEvent, now: datetime) -> Verdict:
        if event.at > now + MAX_EARLY:
            return Verdict.TOO_EARLY
        if event.at < now - MAX_LATE:
            return Verdict.TOO_LATE
        if isinstance(event, Recorded) and not self.may_meter(sender, event.project):
            return Verdict.UNKNOWN_PROJECT
        for stored in self.stored:
            if stored.key == (event.source, event.id) and stored.generation >= self.generation - 1:
                return Verdict.DUPLICATE if stored.event == event else Verdict.CONFLICTING_DUPLICATE
        return self.count(sender, event, now) if isinstance(event, Recorded) else self.take_back(sender, event, now)

    def may_meter(self, sender: Sender, project_id: UUID) -> bool:
        project = self.projects.get(project_id)
        if project is None or project.environment != sender.environment:
            return False
        return sender.partners is None or project.partner in sender.partners

    def count(self, sender: Sender, event: Recorded, now: datetime) -> Verdict:
        project, day = self.projects[event.project], utc_day(event.at)
        if project.is_gone(event.at):
            return Verdict.PROJECT_DELETED
        is_late = day < self.open_from
        if is_late and set(event.amounts) & set(PEAKS):
            return Verdict.CLOSED_PERIOD
        if not is_late:
            row = self.row(event.project, day) or {}
            for name in set(SUMS) & set(event.amounts):
                if (row.get(name) or 0) + event.amounts[name] > MAX_DAY_AMOUNT:
                    return Verdict.INVALID_VALUE
        stored = self.keep(sender, event, now)
        if is_late:
            stored.adjusts = True
            self.post(event.project, day, event.amounts, 1, event, now)
        return Verdict.ACCEPTED

    def take_back(self, sender: Sender, event: Voided, now: datetime) -> Verdict:
        target = None
        for stored in self.stored:
            if stored.key == (event.voids_source, event.voids_id) and isinstance(stored.event, Recorded):
                target = stored  # the newest
        if target is None or target.client != sender.client or not self.may_meter(sender, target.event.project):
            return Verdict.UNKNOWN_EVENT
        if target.voided:
            return Verdict.ALREADY_VOIDED
        is_closed = target.day < self.open_from
        if is_closed and set(target.amounts) & set(PEAKS):
            return Verdict.CLOSED_PERIOD
        self.keep(sender, event, now)
        target.voided = True
        if is_closed:
            self.post(target.event.project, target.day, target.amounts, -1, event, now)
        else:
            target.taken_back = True
        return Verdict.ACCEPTED

    def keep(self, sender: Sender, event: UsageEvent, now: datetime) -> Stored:
        received_at = event.at + timedelta(seconds=(now - event.at) // timedelta(seconds=1))
        self.stored.append(Stored(event, sender.client, received_at, self.generation))
        return self.stored[-1]

    def post(self, project: UUID, day: date, amounts: Amounts, sign: int, by: UsageEvent, now: datetime) -> None:
        signed = {name: sign * amounts.get(name, 0) for name in SUMS}
        posted_on = max(utc_day(now), self.open_from)
        self.posted.append(Adjustment(project, day, posted_on, signed, by.source, by.id, isinstance(by, Voided)))

    # What it adds up to

    def row(self, project: UUID, day: date) -> dict[str, int | None] | None:
        """None: nothing was ever counted on that day."""
        if (project, day) in self.frozen:
            return self.frozen[project, day]
        there = [
            stored
            for stored in self.stored
            if isinstance(stored.event, Recorded) and not stored.adjusts
            if (stored.event.project, stored.day) == (project, day)
        ]
        if not there:
            return None
        row: dict[str, int | None] = {}
        for name in NAMES:
            amounts = [stored.amounts[name] for stored in there if stored.counts and name in stored.amounts]
            row[name] = max(amounts, default=None) if name in PEAKS else sum(amounts)
        return row

    def daily(self, project: UUID, first: date, last: date) -> list[Day]:
        known = self.projects.get(project)
        if known is None:
            return []
        return [day for on in days(first, last) if (day := self.day(known, on))]

    def day(self, project: Known, on: date) -> Day | None:
        row = self.row(project.id, on)
        ends_on = utc_day(project.deleted_at or self.clock())
        exists = utc_day(project.created_at) <= on <= ends_on and not project.is_gone_all_day(on)
        if row is None and not exists:
            return None
        row = dict(row or {})
        estimated = False
        for name in PEAKS:
            if row.get(name) is None and exists:
                row[name] = self.last_sample(project.id, name, on)
                estimated |= row[name] is not None
        return Day(on, {name: row.get(name) or 0 for name in NAMES}, estimated)

    def last_sample(self, project: UUID, name: str, before: date) -> int | None:
        sampled = {each.day for each in self.stored if name in each.amounts and each.event.project == project}
        sampled |= {day for of, day in self.frozen if of == project}
        for day in sorted(sampled, reverse=True):
            row = self.row(project, day) or {}
            if day < before and row.get(name) is not None:
                return row[name]
        return None

    def daily_rows(self, owner: Owner, projects: Sequence[UUID], first: date, last: date) -> Iterator[tuple[UUID, Day]]:
        for project in projects:
            for day in self.daily(project, first, last):
                if self.is_owned(owner, self.projects[project], day.on):
                    yield project, day

    def is_owned(self, owner: Owner, project: Known, on: date) -> bool:
        """At the day's end; what was before the project was made is its first owner's."""
        if project.environment != owner.environment:
            return False
        if owner.kind == "partner":
            return project.partner == owner.id
        day_ends_at = datetime(on.year, on.month, on.day, tzinfo=UTC) + ONE_DAY
        owned_by = None
        for number, (organization, from_at, until_at) in enumerate(project.tenures):
            if (number == 0 or from_at < day_ends_at) and (until_at is None or day_ends_at <= until_at):
                owned_by = organization
        return owned_by == owner.id

    def used_before_made(self, owner: Owner, first: date, last: date) -> list[UUID]:
        later = [each for each in self.projects.values() if utc_day(each.created_at) > last]
        return [each.id for each in later if any(self.daily_rows(owner, [each.id], first, last))]

    def owner_days(self, owner: Owner, first: date, last: date) -> list[Day]:
        rows: dict[date, list[Day]] = {on: [] for on in days(first, last)}
        for _, row in self.daily_rows(owner, list(self.projects), first, last):
            rows[row.on].append(row)
        return [
            Day(
                on,
                {name: sum(row.amounts[name] for row in there) for name in NAMES},
                any(row.estimated for row in there),
            )
            for on, there in rows.items()
        ]

    def owner_total(self, owner: Owner, first: date, last: date) -> dict[str, int]:
        return fold(day.amounts for day in self.owner_days(owner, first, last))

    def project_totals(self, owner: Owner, projects: Sequence[UUID], first: date, last: date) -> dict[UUID, Amounts]:
        return {
            project: fold(day.amounts for _, day in self.daily_rows(owner, [project], first, last))
            for project in projects
        }

    def top_projects(self, owner: Owner, metric: str, first: date, last: date, limit: int) -> list[UUID]:
        totals = self.project_totals(owner, list(self.projects), first, last)
        ranked = sorted((-totals[id_][metric], id_.bytes) for id_ in totals if totals[id_][metric])
        return [UUID(bytes=id_) for _, id_ in ranked[:limit]]

    def events(
        self, project: UUID, on: date, metric: str, *, after: tuple[datetime, str, str] | None, limit: int
    ) -> EventPage:
        found = sorted(
            (
                CountedEvent(*stored.key, project, stored.event.at, stored.received_at, stored.client, stored.amounts)
                for stored in self.stored
                if stored.counts and stored.event.project == project and stored.day == on and metric in stored.amounts
            ),
            key=lambda event: place(event.at, event.source, event.id),
            reverse=True,
        )
        if after:
            found = [event for event in found if place(event.at, event.source, event.id) < place(*after)]
        page = found[:limit]
        return EventPage(page, (page[-1].at, page[-1].source, page[-1].id) if len(found) > limit else None)

    def adjustments(self, projects: Owner | UUID, first: date, last: date) -> list[Adjustment]:
        return [
            each
            for each in sorted(self.posted, key=lambda each: each.posted_on)
            if first <= each.posted_on <= last
            if each.project == projects
            or (isinstance(projects, Owner) and self.is_owned(projects, self.projects[each.project], each.original_day))
        ]

    # What is done to it

    def first_open_day(self) -> date:
        return self.open_from

    def close_before(self, first_open_day: date, now: datetime) -> None:
        if first_open_day.day != 1 or first_open_day > utc_day(now):
            raise ValueError(first_open_day)
        self.open_from = max(self.open_from, first_open_day)

    def recompute(self, first: date, last: date, *, repair: bool, mended: Mended | None = None) -> list[Difference]:
        return []  # its rows are what the events add up to

    def late_days(self, arrived_before: date) -> list[date]:
        arrivals = {(utc_day(each.event.at), utc_day(each.received_at)) for each in self.stored}
        return sorted(
            {
                day
                for day, arrived_on in arrivals
                if day < arrived_on - ONE_DAY and self.late_days_from <= arrived_on < arrived_before
            }
        )

    def forget_late_days(self, arrived_before: date) -> None:
        self.late_days_from = arrived_before

    def oldest_event_day(self) -> date:
        return self.events_from

    def forget(self, before: date) -> int:
        before = min(before, self.open_from)
        dropped = 0
        for generation in range(1, self.generation - 1):
            of_it = [stored for stored in self.stored if stored.generation == generation]
            if any(stored.day >= before for stored in of_it):
                break
            self.drop(of_it)
            dropped += bool(of_it)
        return dropped

    def drop(self, events: Sequence[Stored]) -> None:
        """The rollup stays; the days are not whole any more."""
        for stored in events:
            if isinstance(stored.event, Recorded):
                pair = (stored.event.project, stored.day)
                row = self.row(*pair)
                if row is not None:
                    self.frozen[pair] = row
                self.events_from = max(self.events_from, stored.day + ONE_DAY)
        self.stored = [stored for stored in self.stored if stored not in events]

    def copy_due(self, now: datetime) -> int:
        return 0

    def keep_house(self, now: datetime) -> int:
        if now - self.generation_began_at < GENERATION:
            return 0
        self.generation, self.generation_began_at = self.generation + 1, now
        return 1


def place(at: datetime, source: str, id_: str) -> tuple[datetime, bytes, bytes]:
    return at, source.encode(), event_ids.pack(id_)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
