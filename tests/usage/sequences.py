"""Random lives of a store, played on the one in SQL and on the model in memory.

A sequence is a pool of events and what is done with them: batches in any order and split, with
repeats; time that passes, months that close, generations that turn and are dropped, projects
that are deleted, recovered and moved. Every verdict and, at the end, every figure must be the same.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.usage.model_store import Known, ModelStore
from tests.usage.world import LIVE, TEST, World, organization, read_by
from usage import sql_store
from usage.metrics import NAMES, fold
from usage.models import IngestGate
from usage.sql_store import house
from usage.sql_store.sql import execute, is_postgresql
from usage.store import Adjustment, Owner, Recorded, Sender, UsageEvent, UsageStore, Voided

BEGIN = datetime(2026, 1, 28, 12, tzinfo=UTC)
SENDERS = (LIVE, LIVE, LIVE, LIVE, Sender(3, "live", frozenset({"ps_globex000001"})), TEST)
IDS = ("a", "A", "\u00e9", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "6b8b4567-327b-43c6-a0de-1f3b5c6d7e8f")
SOURCES = ("/edge", "/EDGE")
ZONES = (UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8)))
PROJECTS = 6
DAYS_SUMMED = 60  # partners' days that are summed up: more than `Sequence.period` compares
MIDNIGHT = datetime(2026, 1, 28, tzinfo=UTC)
MOMENTS = st.one_of(
    st.integers(-34, 1).map(lambda day: MIDNIGHT + timedelta(days=day)),
    st.integers(-34, 9).map(lambda day: MIDNIGHT + timedelta(days=day) - timedelta(microseconds=1)),
    st.integers(-5 * 1440, 720).map(lambda minute: MIDNIGHT + timedelta(minutes=minute)),
    st.sampled_from([BEGIN + timedelta(minutes=5), BEGIN - timedelta(days=35), BEGIN]),
)
AMOUNTS = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from([0, 1, 2, 7, 1000, 2**53 - 1]), min_size=1, max_size=3
)


@st.composite
def events(draw: st.DrawFn) -> tuple[str, str, datetime, int, dict[str, int] | tuple[str, str]]:
    at = draw(MOMENTS).astimezone(draw(st.sampled_from(ZONES)))
    key = draw(st.sampled_from(SOURCES)), draw(st.sampled_from(IDS))
    if draw(st.integers(0, 5)) == 0:
        return (*key, at, 0, (draw(st.sampled_from(SOURCES)), draw(st.sampled_from(IDS))))
    return (*key, at, draw(st.integers(0, PROJECTS)), draw(AMOUNTS))


BATCH = st.tuples(st.just("send"), st.sampled_from(SENDERS), st.lists(st.integers(0, 11), min_size=3, max_size=9))
STEPS = st.one_of(
    BATCH,
    BATCH,
    BATCH,
    BATCH,
    st.tuples(st.just("wait"), st.sampled_from([0.01, 1, 5, 20, 41])),
    st.tuples(st.just("close"), st.integers(0, 2)),
    st.tuples(st.just("keep")),
    st.tuples(st.just("forget"), st.integers(0, 60)),
    st.tuples(st.just("delete"), st.integers(0, PROJECTS - 1)),
    st.tuples(st.just("delete"), st.integers(0, PROJECTS - 1)),
    st.tuples(st.just("recover"), st.integers(0, PROJECTS - 1)),
    st.tuples(st.just("recover"), st.integers(0, PROJECTS - 1)),
    st.tuples(st.just("move"), st.booleans()),
)
EVENTS = st.lists(events(), min_size=6, max_size=12)
SEQUENCES = st.tuples(EVENTS, st.lists(STEPS, min_size=3, max_size=10))


def many(number: int) -> settings:
    return settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@dataclass
class Play:
    """One world, in which sequence after sequence is played and undone on a store that `make` makes."""

    make: Callable[[], UsageStore] = sql_store.SqlStore
    world: World = field(default_factory=World)
    told: Counter[str] = field(default_factory=Counter)
    played: int = 0

    def __post_init__(self) -> None:
        plan_once()
        made = self.world
        self.acme, self.umbrella = organization("Acme"), organization("Umbrella")
        self.projects = [
            made.project(),
            made.project(born=MIDNIGHT - timedelta(days=3)),
            made.project("ps_initech00001"),
            made.project(environment="test"),
            made.platform_project(self.acme),
            made.platform_project(self.umbrella, born=BEGIN - timedelta(days=2)),
        ]
        self.stranger = UUID(int=7)
        self.owners = [
            Owner("partner", "ps_globex000001"),
            Owner("partner", "ps_globex000001", "test"),
            Owner("partner", "ps_initech00001"),
            Owner("organization", str(self.acme.pk)),
            Owner("organization", str(self.umbrella.pk)),
        ]

    def __call__(self, sequence: tuple[list[tuple], list[tuple]]) -> None:
        pool, steps = sequence
        known = copy.deepcopy(self.world.known)
        try:
            with transaction.atomic():
                IngestGate.objects.update(generation_began_at=BEGIN)
                empty_partner_days()
                Sequence(self, [self.event(*each) for each in pool]).play(steps)
                transaction.set_rollback(True)
            self.played += 1
        finally:
            self.world.known = known

    def event(self, source: str, id_: str, at: datetime, project: int, what: dict | tuple) -> UsageEvent:
        if isinstance(what, tuple):
            return Voided(source, id_, at, *what)
        return Recorded(source, id_, [*self.projects, self.stranger][project], at, what)


class Sequence:
    def __init__(self, play: Play, pool: list[UsageEvent]) -> None:
        self.of, self.pool, self.now = play, pool, BEGIN
        self.sql, self.model = play.make(), ModelStore(play.world.known, began_at=BEGIN)

    def play(self, steps: list[tuple]) -> None:
        self.model.clock = lambda: self.now
        with pytest.MonkeyPatch.context() as patch:
            read_by(patch, self.model.clock)
            patch.setattr(house, "DAYS_BACK", DAYS_SUMMED)
            self.send(LIVE, list(range(6)))
            for verb, *words in steps:
                getattr(self, verb)(*words)
            self.compare()
            if self.sql.keep_house(self.now):  # summed up anew, they are the same
                self.compare_owners()

    def same(self, what: Callable, *words: object) -> object:
        """What both answer. `what`: a method's name."""
        mine, other = getattr(self.sql, what)(*words), getattr(self.model, what)(*words)
        assert mine == other, f"{what}{words}: {mine} != {other}"
        return mine

    def send(self, sender: Sender, places: list[int]) -> None:
        batch = [self.pool[place] for place in places if place < len(self.pool)]
        self.of.told.update(self.same("record", sender, batch, self.now))

    def wait(self, days: float) -> None:
        self.now += timedelta(days=days)

    def close(self, months_back: int) -> None:
        month = (self.now - timedelta(days=28 * months_back)).date().replace(day=1)
        self.same("close_before", month, self.now)

    def keep(self) -> None:
        self.sql.keep_house(self.now)
        self.model.keep_house(self.now)

    def forget(self, days_back: int) -> None:
        self.same("forget", (self.now - timedelta(days=days_back)).date())

    def copy(self, how: str) -> None:
        """Of a store that has its events elsewhere (`Restless`)."""
        self.sql.copy(how, self.now)

    def delete(self, project: int) -> None:
        if self.model.projects[self.of.projects[project]].deleted_at is None:
            self.of.world.delete(self.of.projects[project], self.now)

    def recover(self, number: int) -> None:
        gone = [project for project in self.of.projects if self.model.projects[project].deleted_at is not None]
        if gone:
            self.of.world.recover(gone[number % len(gone)], self.now)

    def move(self, to_acme: bool) -> None:
        self.of.world.move(self.of.projects[4], self.of.acme if to_acme else self.of.umbrella, self.now)

    def period(self) -> tuple[date, date]:
        days = sorted(event.at.astimezone(UTC).date() for event in self.pool)
        last = max(days[-1], self.now.date()) + timedelta(days=1)
        return max(days[0] - timedelta(days=2), last - timedelta(days=45)), last

    def compare(self) -> None:
        first, last = self.period()
        for project in self.of.projects:
            self.same("daily", project, first, last)
        self.compare_owners()
        for project, day, name in {
            (event.project, event.at.astimezone(UTC).date(), name)
            for event in self.pool
            if isinstance(event, Recorded)
            for name in event.amounts
        }:
            self.compare_events(project, day, name)
        assert self.sql.recompute(first, last, repair=True) == []
        assert self.sql.first_open_day() == self.model.first_open_day()
        assert self.sql.oldest_event_day() == self.model.oldest_event_day()

    def compare_owners(self) -> None:
        first, last = self.period()
        for owner in self.of.owners:
            days = self.same("owner_days", owner, first, last)
            assert self.sql.owner_total(owner, first, last) == fold(day.amounts for day in days)
            projects = [each for each in self.of.projects if self.is_owners(owner, self.model.projects[each])]
            self.same("project_totals", owner, projects, first, last)
            mine, other = (store.adjustments(owner, first, last) for store in (self.sql, self.model))
            assert sorted(mine, key=posted) == sorted(other, key=posted)

    def is_owners(self, owner: Owner, project: Known) -> bool:
        has = {project.partner} if owner.kind == "partner" else {tenure[0] for tenure in project.tenures}
        return owner.id in has and project.environment == owner.environment

    def compare_events(self, project: UUID, day: date, name: str) -> None:
        page = self.sql.events(project, day, name, after=None, limit=2)
        assert page == self.model.events(project, day, name, after=None, limit=2)
        if page.next:
            rest = self.sql.events(project, day, name, after=page.next, limit=20)
            assert rest == self.model.events(project, day, name, after=page.next, limit=20)


def plan_once() -> None:
    """Plans of this connection serve for all values: over a handful of rows they take longer than what they are for."""
    if is_postgresql():
        execute("SET plan_cache_mode = force_generic_plan")
        execute("SET jit = off")


def empty_partner_days() -> None:
    """A new file for this life: what the lives before have rolled back is read through again and again otherwise."""
    if is_postgresql():
        execute("TRUNCATE usage_partnerday")


def posted(each: Adjustment) -> tuple[date, str, str, date]:
    return each.posted_on, each.source, each.id, each.original_day
