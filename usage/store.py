"""The seam of metering: what a store of events does, in plain data. No row crosses it.

`usage/sql_store` is the one on PostgreSQL and SQLite, `usage/clickhouse_store` the same with its events in
ClickHouse, `usage/chosen_store.py` says which; the tests hold both against a model in memory, by one
contract test for all. Nothing else reads or writes a usage table.
Days are UTC, amounts whole numbers of a metric's smallest unit (`metrics.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar
from uuid import UUID

from usage.metrics import Amounts

# Source: usage.md, "Metering in".
MAX_EARLY = timedelta(minutes=5)
MAX_LATE = timedelta(days=35)


class Verdict(StrEnum):
    """What became of one event of a batch."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICTING_DUPLICATE = "conflicting_duplicate"
    INVALID_VALUE = "invalid_value"  # it would take a day's sum over MAX_DAY_AMOUNT
    UNKNOWN_PROJECT = "unknown_project"
    PROJECT_DELETED = "project_deleted"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    CLOSED_PERIOD = "closed_period"
    UNKNOWN_EVENT = "unknown_event"  # a void of what this client did not send
    ALREADY_VOIDED = "already_voided"


@dataclass(frozen=True, slots=True)
class Sender:
    """A machine client and what it may meter: one environment, all partners' projects or some."""

    client: int  # the application's primary key
    environment: str
    partners: frozenset[str] | None = None  # None: every project of the environment


@dataclass(frozen=True, slots=True)
class Recorded:
    """`usage.recorded`: `amounts` of `project` at `at`. Identified by (`source`, `id`)."""

    source: str
    id: str
    project: UUID
    at: datetime
    amounts: Amounts  # at least one


@dataclass(frozen=True, slots=True)
class Voided:
    """`usage.voided`: takes (`voids_source`, `voids_id`) back, once; itself identified by (`source`, `id`)."""

    source: str
    id: str
    at: datetime
    voids_source: str
    voids_id: str


UsageEvent = Recorded | Voided


@dataclass(frozen=True, slots=True)
class Counted:
    """What a batch added to the rollup: its accepted events of open days, in the batch's order."""

    environment: str
    events: Sequence[Recorded]


Watch = Callable[[Counted], None]
Mended = Callable[[Sequence["Difference"]], None]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose projects are totalled: a partner's (by `ps_` id) in one environment, or an organization's (live)."""

    kind: str  # "partner" or "organization"
    id: str
    environment: str = "live"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a project or an owner. `estimated`: a peak was carried on from an earlier sample."""

    on: date
    amounts: Amounts  # all nine
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class CountedEvent:
    """An event behind a day's number; neither voided nor posted as an adjustment."""

    source: str
    id: str
    project: UUID
    at: datetime
    received_at: datetime  # to the second
    client: int
    amounts: Amounts  # those it has


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A sum that reached a closed month: late (positive) or by a void (negative)."""

    project: UUID
    original_day: date
    posted_on: date
    amounts: Amounts  # the sums alone, signed
    source: str
    id: str
    is_void: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell of the daily rollup that is not what its events add up to. None: no row, or no sample."""

    project: UUID
    on: date
    metric: str
    stored: int | None
    from_events: int | None


@dataclass(frozen=True, slots=True)
class EventPage:
    events: Sequence[CountedEvent]
    next: tuple[datetime, str, str] | None = field(default=None)  # (at, source, id) of the last one


class UsageStore(Protocol):
    def clock(self) -> datetime:
        """Now, by the database's clock: lateness is judged by one clock, not by each worker's."""

    def record(
        self, sender: Sender, events: Sequence[UsageEvent], now: datetime, watch: Watch | None = None
    ) -> list[Verdict]:
        """Counts each of `events` once and says what became of each, by index.

        Event, rollup and verdict are one transaction. Repeatable: the same events in any split
        and order, from any number of workers, change nothing for at least MAX_LATE.
        `watch` is told of what was counted, as the last thing in that transaction: what it writes
        stands or falls with it, and it is told again if the transaction has to be done again.
        """

    def alone(self, work: Callable[[], Result]) -> Result:
        """What `work` gives, in a transaction during which nothing is recorded."""

    def sum_of(self, projects: Owner | UUID, metric: str, first: date, last: date) -> int:
        """What a sum has come to in the period, by one statement: what is committed, and the caller's own."""

    def samples(
        self, projects: Collection[UUID], metric: str, first: date, last: date, *, without: Collection[Recorded] = ()
    ) -> dict[UUID, dict[date, int]]:
        """Of a peak the highest sample of each day that has one, as if the events of `without` had never come.

        The sample that is carried on into the period stands at the day before `first`.
        """

    def daily(self, project: UUID, first: date, last: date) -> list[Day]:
        """A row for each day on which the project existed (or has usage), oldest first; peaks carried on."""

    def owner_days(self, owner: Owner, first: date, last: date) -> list[Day]:
        """A row for every day of the period: sums and peaks added up over the owner's projects."""

    def owner_total(self, owner: Owner, first: date, last: date) -> dict[str, int]:
        """`metrics.fold` of `owner_days`, by a cheaper way."""

    def project_totals(self, owner: Owner, projects: Sequence[UUID], first: date, last: date) -> dict[UUID, Amounts]:
        """Of each of the owner's `projects` its period: sums added up, of peaks the highest day."""

    def used_before_made(self, owner: Owner, first: date, last: date) -> list[UUID]:
        """The owner's projects that have usage in the period and were made after it: what came before
        is counted for as long as it may be late (MAX_LATE)."""

    def top_projects(self, owner: Owner, metric: str, first: date, last: date, limit: int) -> list[UUID]:
        """The owner's projects by what they used of `metric`, most first; those that used nothing are left out."""

    def daily_rows(self, owner: Owner, projects: Sequence[UUID], first: date, last: date) -> Iterator[tuple[UUID, Day]]:
        """`daily` of many projects of one owner, in the order of `projects`, by few statements."""

    def events(
        self, project: UUID, on: date, metric: str, *, after: tuple[datetime, str, str] | None, limit: int
    ) -> EventPage:
        """The counted events behind one day's number of one metric, newest first."""

    def adjustments(self, projects: Owner | UUID, first: date, last: date) -> list[Adjustment]:
        """What was posted in the period to closed months, oldest first."""

    def first_open_day(self) -> date:
        """The first day of the month that is open: what lies before is closed for good."""

    def close_before(self, first_open_day: date, now: datetime) -> None:
        """Closes all months before `first_open_day` (the first of a month): their figures never change again."""

    def recompute(self, first: date, last: date, *, repair: bool, mended: Mended | None = None) -> list[Difference]:
        """Where the rollup is not what the events add up to; open days are repaired if asked, and `mended`
        is told of those in the transaction that repairs them."""

    def late_days(self, arrived_before: date) -> list[date]:
        """Days that changed by events that came, or were taken back, two days after them or later, since they
        were last forgotten: those that did so on a day before `arrived_before`."""

    def forget_late_days(self, arrived_before: date) -> None:
        """They have been looked at."""

    def oldest_event_day(self) -> date:
        """Days before it have lost their events (`forget`): they can't be taken apart any more."""

    def forget(self, before: date) -> int:
        """Drops whole partitions whose events all lie before `before`. How many it dropped."""

    def copy_due(self, now: datetime) -> int:
        """Brings events to where they are kept beside the database, if they are. How many it brought."""

    def keep_house(self, now: datetime) -> int:
        """Turns the generation of events when it is due, sums up finished days. How many things it did."""
