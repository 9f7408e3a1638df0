"""Drivers that measure what a test tells them to, and the store's figures as a test reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from partnership.provisioners import DRIVERS
from partnership.provisioners.base import Measurement, Spec
from tests.partnership.drivers import Scripted
from usage.models import Event
from usage.sql_store import store


class Measuring(Scripted):
    """`sizes`: what is found of a project, or raised, or done first; everything else has 10 and 20 bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: dict[UUID, Measurement | Exception | Callable[[], Any]] = {}
        self.asked: Counter[UUID] = Counter()

    def measure(self, spec: Spec) -> Measurement:
        project = UUID(spec.project_id)
        self.asked[project] += 1
        found = self.sizes.get(project, Measurement(10, 20))
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, Measurement) else found()


def install(monkeypatch: Any, kind: str = "embedded") -> Measuring:
    driver = Measuring()
    monkeypatch.setitem(DRIVERS, kind, lambda _settings: driver)
    return driver


def figures(project: UUID, on: date, *names: str) -> tuple[int, ...] | None:
    """The day's numbers as reads give them; None: no row."""
    found = next(iter(store.daily(project, on, on)), None)
    return found and tuple(found.amounts[name] for name in names)


def sizes_of(project: UUID, on: date) -> tuple[int, ...] | None:
    return figures(project, on, "database_size_bytes", "file_storage_bytes")


def events() -> int:
    return Event.objects.count()


class Crash(BaseException):
    """The process is gone."""


def crash(*_: object, **__: object) -> None:
    raise Crash
