"""ClickHouse in the test's own process (chdb: the server's engine, without its network), and stores upon it.

What goes over HTTP is held against the same engine in `test_clickhouse_http.py`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from django.db import connection
from django.utils import timezone

from usage.clickhouse_store import ClickHouseStore, table, totals
from usage.clickhouse_store.server import lines, read, written
from usage.errors import EventsUnavailable
from usage.sql_store import closing, outbox
from usage.sql_store.sql import Row


class EmbeddedClickHouse:
    def __init__(self) -> None:
        from chdb import session  # noqa: PLC0415  it is in the lane's environment alone

        assert connection.vendor == "postgresql", "ClickHouse stands beside PostgreSQL: set GATEHOUSE_DATABASE_URL"
        self.folder = tempfile.TemporaryDirectory(prefix="gatehouse-clickhouse-")
        self.session = session.Session(self.folder.name)
        self.ask("CREATE DATABASE gatehouse")
        self.ask("USE gatehouse")

    def ask(self, statement: str, parameters: dict[str, str] | None = None) -> bytes:
        from chdb._exceptions import ChdbError  # noqa: PLC0415  not the one that its package exports

        try:
            return self.session.query(statement, "JSONEachRow", params=parameters or {}).bytes()
        except ChdbError as fault:
            raise EventsUnavailable(detail=str(fault)) from fault

    def rows(self, statement, parameters=None):
        return read(self.ask(statement, {name: written(value) for name, value in (parameters or {}).items()}))

    def insert(self, statement, rows):
        self.ask(f"{statement}\n{lines(rows).decode()}")


@lru_cache(maxsize=1)
def engine() -> EmbeddedClickHouse:
    """One for the process: it has no more."""
    return EmbeddedClickHouse()


def empty() -> EmbeddedClickHouse:
    engine().rows("DROP TABLE IF EXISTS usage_event")
    table.make(engine())
    return engine()


class Away:
    """A ClickHouse that answers nobody."""

    def rows(self, statement, parameters=None):
        raise EventsUnavailable

    insert = rows


class Prompt(ClickHouseStore):
    """Everything that was recorded is in ClickHouse before anything is read, so all is read from there."""

    def __init__(self, clickhouse=None) -> None:
        super().__init__(clickhouse or empty())
        outbox.begin()

    def record(self, sender, events, now, watch=None):
        verdicts = super().record(sender, events, now, watch)
        self.copy_all(now)
        return verdicts

    def copy_all(self, now: datetime) -> None:
        while self.copy_due(now):
            pass
        assert not outbox.is_waiting(*outbox.EVER)

    def events_here(self, *words, **named):
        raise AssertionError("PostgreSQL is not asked")

    def recompute(self, first, last, **named):
        """Also of days that PostgreSQL has whole ClickHouse's events are to add up to the rollup."""
        assert list(totals.differences(self.clickhouse, max(first, self.oldest_event_day()), last)) == []
        return super().recompute(first, last, **named)


class Restless(ClickHouseStore):
    """A store whose workers are slow, cut off and overtaken: `copy` says how the next delivery goes."""

    def __init__(self, clickhouse=None) -> None:
        super().__init__(clickhouse or empty())
        outbox.begin()
        outbox.remove(outbox.claim(timezone.now(), whole=True))  # of before: there was nothing
        self.stalled: list[list[Row]] = []
        self.rounds = 0

    def copy(self, how: str, now: datetime) -> None:
        self.rounds += 1
        now += self.rounds * outbox.LEASE  # whoever was cut off before has lost its lease
        deliver: Callable[[datetime], object] = getattr(self, how)
        deliver(now)

    def once(self, now: datetime) -> None:
        self.copy_due(now)

    def cut_off(self, now: datetime) -> None:
        """Killed between the insert and the mark."""
        self.put(outbox.events_of(outbox.claim(now)))

    def stall(self, now: datetime) -> None:
        """It has read, and is held up; others deliver meanwhile."""
        self.stalled.append(outbox.events_of(outbox.claim(now)))

    def arrive(self, now: datetime) -> None:
        """What was held up comes after all, the last first."""
        while self.stalled:
            self.put(self.stalled.pop())

    def put(self, events: Sequence[Row]) -> None:
        if events:
            table.put(self.clickhouse, events)

    def settle(self, now: datetime) -> None:
        """Everything has come; then ClickHouse has what PostgreSQL has."""
        self.copy("arrive", now)
        self.copy("once", now)
        while outbox.is_waiting(*outbox.EVER):
            self.copy("once", now)
        for generation in closing.numbers():
            assert totals.is_complete(self.clickhouse, generation)
