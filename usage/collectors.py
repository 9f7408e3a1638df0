"""Collectors: what nobody pushes is fetched here, and counted through the same ingest as everything.

An event's id is made of project, metric and interval, its time is the interval's start, or when the
project came back from a deletion within it (`collection_rows.time_of`). So two
collectors at once, on two hosts, or one that runs again after a crash, count once: a second
measurement of an interval is a conflicting duplicate, which is expected and no alarm.
Source: usage.md, "Metering in", Collectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

import structlog
from prometheus_client import Counter

from usage import crossings
from usage.intervals import event_id
from usage.metrics import Amounts
from usage.store import Recorded, Sender, Verdict

log = structlog.get_logger("gatehouse.usage")

CLIENT = 0  # no application has this key: nobody can take back what a collector sent
SOURCE = "/gatehouse/collectors"
MOST_AT_ONCE = 1000
COUNTED_ALREADY = (Verdict.DUPLICATE, Verdict.CONFLICTING_DUPLICATE)

COLLECTED = Counter("gatehouse_usage_collected", "Collected usage events, by what became of each", ["kind", "verdict"])
FAILED = Counter("gatehouse_usage_collect_failures", "Projects that could not be measured", ["kind", "reason"])


@dataclass(frozen=True, slots=True)
class Sample:
    """What is counted of a project in the interval that begins at `start`, as one event of the time `at`.

    `name` is a metric, or the kind of collector where an event has several.
    """

    project: UUID
    environment: str
    name: str
    start: datetime
    at: datetime
    amounts: Amounts


def count(kind: str, samples: Iterable[Sample], now: datetime) -> None:
    """Counts each sample once; a refused one is logged and stays refused. Repeatable. `now`: by the store's clock."""
    by_environment = sorted(samples, key=lambda sample: sample.environment)
    for environment, group in groupby(by_environment, key=lambda sample: sample.environment):
        wanted = list(group)
        for first in range(0, len(wanted), MOST_AT_ONCE):
            record(kind, environment, wanted[first : first + MOST_AT_ONCE], now)


def record(kind: str, environment: str, samples: Sequence[Sample], now: datetime) -> None:
    events = [
        Recorded(
            f"{SOURCE}/{kind}",
            event_id(each.project, each.name, each.start),
            each.project,
            each.at,
            each.amounts,
        )
        for each in samples
    ]
    verdicts = crossings.record(Sender(CLIENT, environment), events, now)
    for sample, verdict in zip(samples, verdicts, strict=True):
        COLLECTED.labels(kind, verdict.value).inc()
        if verdict is not Verdict.ACCEPTED and verdict not in COUNTED_ALREADY:
            at = sample.start.isoformat()
            log.warning(
                "sample refused",
                kind=kind,
                project=str(sample.project),
                name=sample.name,
                at=at,
                code=verdict.value,
            )


def fail(kind: str, project: UUID, reason: str, detail: str = "") -> None:
    FAILED.labels(kind, reason).inc()
    log.warning("project not measured", kind=kind, project=str(project), reason=reason, detail=detail)
