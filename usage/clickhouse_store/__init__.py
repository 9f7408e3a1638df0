"""Metering with its events in ClickHouse (docs/decisions/0155).

PostgreSQL stays the book of record: what counts, what it adds up to and what is closed is decided and kept there;
its two newest generations of events tell repeats.

Exact, although events arrive later than they count: while anything of a day is on its way, PostgreSQL, which
gives up no event before, answers for that day itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date, datetime
from uuid import UUID

import structlog

from usage.clickhouse_store import copying, table, totals, trail
from usage.clickhouse_store.server import ClickHouse
from usage.errors import EventsUnavailable
from usage.sql_store import SqlStore, closing, outbox, rebuilding
from usage.sql_store.judging import Key
from usage.sql_store.voiding import Target
from usage.store import Difference, EventPage, Mended

log = structlog.get_logger("gatehouse.usage")

Cursor = tuple[datetime, str, str]


class ClickHouseStore(SqlStore):
    def __init__(self, clickhouse: ClickHouse) -> None:
        self.clickhouse = clickhouse

    def find_moved(self, keys: Set[Key]) -> Mapping[Key, Target]:
        return trail.targets(self.clickhouse, keys)

    def events(self, project: UUID, on: date, metric: str, *, after: Cursor | None, limit: int) -> EventPage:
        """Raises EventsUnavailable where ClickHouse alone has them and does not answer."""
        if outbox.is_waiting(on, on) and (page := self.events_here(project, on, metric, after=after, limit=limit)):
            return page
        try:
            return trail.events(self.clickhouse, project, on, metric, after=after, limit=limit)
        except EventsUnavailable as fault:
            log.warning("events not read from ClickHouse", detail=fault.detail)
            if page := self.events_here(project, on, metric, after=after, limit=limit):
                return page
            raise

    def events_here(
        self, project: UUID, on: date, metric: str, *, after: Cursor | None, limit: int
    ) -> EventPage | None:
        """From PostgreSQL; None if it may have given some of them up."""
        page = super().events(project, on, metric, after=after, limit=limit)
        # Asked afterwards: what is here now was here then.
        return page if on >= closing.moved_before() else None

    def recompute(self, first: date, last: date, *, repair: bool, mended: Mended | None = None) -> list[Difference]:
        """Days that PostgreSQL still has whole by its own events, in one moment and mended if asked; those
        before, which are closed, by ClickHouse's."""
        first, moved_before = max(first, self.oldest_event_day()), closing.moved_before()
        moved = totals.differences(self.clickhouse, first, min(last, moved_before - totals.ONE_DAY))
        return [*moved, *rebuilding.recompute(max(first, moved_before), last, repair=repair, mended=mended)]

    def oldest_event_day(self) -> date:
        return closing.oldest_event_day()

    def forget(self, before: date) -> int:
        """Also gives to ClickHouse alone what PostgreSQL need not keep: that counts as nothing dropped."""
        self.move()
        dropped = super().forget(before)
        self.drop_forgotten()
        return dropped

    def move(self) -> None:
        """One generation at most. What ClickHouse does not have as it should goes once more."""
        generation = closing.movable()
        if generation is None:
            return
        if totals.is_complete(self.clickhouse, generation.number):
            closing.move(generation)
        else:
            log.error("copy of events is not complete", generation=generation.number)
            outbox.again(generation.number)

    def drop_forgotten(self) -> None:
        """Also what a worker brought late of a generation that was dropped."""
        oldest = min(closing.kept_numbers())
        for generation in table.generations(self.clickhouse):
            if generation < oldest:
                table.drop(self.clickhouse, generation)

    def copy_due(self, now: datetime) -> int:
        return copying.copy_due(self.clickhouse, now)
