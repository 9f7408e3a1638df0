"""Events of a batch to the store, and what became of each to the answer.

Source: usage.md, "Metering in". The store judges and counts in one transaction; what is no
event at all never reaches it, and never stops the rest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Counter, Histogram

from usage.cloud_events import Refused, find_id, read_event
from usage.crossings import record
from usage.store import Sender, UsageEvent, Verdict

EVENTS = Counter("gatehouse_usage_events", "Usage events, by what became of each", ["verdict"])
BATCHES = Histogram(
    "gatehouse_usage_batch_events", "Usage events in a request", buckets=(1, 10, 50, 100, 500, 1000, 2000, 5000)
)

# The sentences of what the store refuses. They repeat no input: they land in senders' logs.
MESSAGES = {
    Verdict.CONFLICTING_DUPLICATE: "Another event with this source and id was counted before.",
    Verdict.INVALID_VALUE: "The day's sum would become too large.",
    Verdict.UNKNOWN_PROJECT: "The project is unknown here.",
    Verdict.PROJECT_DELETED: "The project was deleted before this time.",
    Verdict.TOO_EARLY: "time is more than 5 minutes ahead of our clock.",
    Verdict.TOO_LATE: "time is more than 35 days ago.",
    Verdict.CLOSED_PERIOD: "The month is closed, and a peak of it never changes.",
    Verdict.UNKNOWN_EVENT: "There is no such event of this client to take back.",
    Verdict.ALREADY_VOIDED: "The event was taken back before.",
}


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that does not count: its place in the batch, and its id where it has one."""

    index: int
    id: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    accepted: int
    duplicates: int
    rejected: list[Rejection]


def accept(sender: Sender, raws: Sequence[object], *, now: datetime) -> Answer:
    """Counts each of `raws` (of `request_body.read_events`) once, or says why not.

    What it calls accepted is durable and in the next read. `now`: by the store's clock.
    """
    indexes, events, rejected = read_all(raws)
    verdicts = record(sender, events, now) if events else []
    accepted = verdicts.count(Verdict.ACCEPTED)
    duplicates = verdicts.count(Verdict.DUPLICATE)
    if accepted + duplicates < len(verdicts):
        rejected += refused(indexes, events, verdicts)
        rejected.sort(key=lambda rejection: rejection.index)
    answer = Answer(accepted, duplicates, rejected)
    count(answer)
    return answer


def read_all(raws: Sequence[object]) -> tuple[list[int], list[UsageEvent], list[Rejection]]:
    """The events among `raws`, the place of each, and a rejection for each that is none."""
    indexes: list[int] = []
    events: list[UsageEvent] = []
    rejected: list[Rejection] = []
    for index, raw in enumerate(raws):
        try:
            events.append(read_event(raw))
            indexes.append(index)
        except Refused as why:
            rejected.append(Rejection(index, find_id(raw), why.code, why.message))
    return indexes, events, rejected


def refused(indexes: Sequence[int], events: Sequence[UsageEvent], verdicts: Sequence[Verdict]) -> Iterable[Rejection]:
    for index, event, verdict in zip(indexes, events, verdicts, strict=True):
        if verdict in MESSAGES:
            yield Rejection(index, event.id, verdict.value, MESSAGES[verdict])


def count(answer: Answer) -> None:
    BATCHES.observe(answer.accepted + answer.duplicates + len(answer.rejected))
    EVENTS.labels("accepted").inc(answer.accepted)
    EVENTS.labels("duplicate").inc(answer.duplicates)
    for rejection in answer.rejected:
        EVENTS.labels(rejection.code).inc()
