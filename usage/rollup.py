"""The daily rollup held against the events that it is made of: found, and mended where it may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import structlog
from django.utils import timezone

from partnership import events
from partnership.events import SYSTEM
from usage.chosen_store import store
from usage.models import Statement
from usage.statements import is_intact
from usage.store import Difference

MENDED = "usage.rollup_mended"
MOST_TOLD = 100

log = structlog.get_logger("gatehouse.usage")


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `first` to `last`, both included, that still have all their events."""

    first: date
    last: date

    def __len__(self) -> int:
        return max(0, (self.last - self.first).days + 1)

    def days(self) -> Iterator[date]:
        return (self.first + timedelta(days=each) for each in range(len(self)))


def with_events(first: date, last: date) -> Span:
    """Days whose events are gone can't be recomputed: their rollup is all there is."""
    return Span(max(first, store.oldest_event_day()), last)


def differences(day: date, *, repair: bool) -> list[Difference]:
    """Where the rollup of `day` is not what its events add up to; each is logged."""
    found = store.recompute(day, day, repair=repair, mended=partial(tell, day))
    for each in found:
        log.error(
            "rollup differs",
            project=str(each.project),
            day=each.on.isoformat(),
            metric=each.metric,
            stored=each.stored,
            from_events=each.from_events,
            repaired=repair and day >= store.first_open_day(),
        )
    return found


def tell(day: date, mended: Sequence[Difference]) -> None:
    """The audit log has who mended what: figures that bills are made of never change in silence."""
    cells = [
        {"project": str(each.project), "metric": each.metric, "was": each.stored, "is": each.from_events}
        for each in mended[:MOST_TOLD]
    ]
    data: dict[str, object] = {"day": day.isoformat(), "count": len(mended), "cells": cells}
    events.record(MENDED, None, "live", actor=SYSTEM, now=timezone.now(), data=data)


def broken_statements() -> list[Statement]:
    """Statements whose figures no longer have the digest that they were closed with."""
    return [statement for statement in Statement.objects.iterator() if not is_intact(statement)]
