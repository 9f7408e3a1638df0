"""Machine clients that send overlapping batches over HTTP, each again until it is acknowledged."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx

from usage.metrics import METRICS, NAMES
from usage.store import Recorded, UsageEvent, Voided

EVENTS = "/usage/v1/events"
SOURCES = ("/kills/1", "/kills/2")
DAYS = 3  # over which the events lie
PATIENCE_SECONDS = 30


@dataclass
class Book:
    """What all meters together sent and were told."""

    sent: list[UsageEvent] = field(default_factory=list)
    recent: deque[UsageEvent] = field(default_factory=lambda: deque(maxlen=300))  # also of what is under way
    acknowledged: int = 0  # batches
    accepted: int = 0  # events, by what answers said that arrived
    answers: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)  # answers that no server may give here
    lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, fresh: Sequence[UsageEvent], dice: random.Random) -> list[UsageEvent]:
        """`fresh` and some of what others send or sent, in any order."""
        with self.lock:
            again = dice.sample(list(self.recent), min(len(self.recent), dice.randrange(40)))
            self.sent += fresh
            self.recent += fresh
        batch = [*fresh, *again]
        dice.shuffle(batch)
        return batch

    def tell(self, answer: dict[str, object], size: int) -> None:
        with self.lock:
            self.acknowledged += 1
            self.accepted += int(str(answer["accepted"]))
            if answer["rejected"] or int(str(answer["accepted"])) + int(str(answer["duplicates"])) != size:
                self.odd.append(f"{size} events: {json.dumps(answer)[:200]}")

    def note(self, what: str) -> None:
        with self.lock:
            self.answers[what] += 1


@dataclass
class Meter:
    """One client. `stopped`: it ends when what it has begun is acknowledged."""

    number: int
    url: str
    token: str
    projects: Sequence[UUID]
    book: Book
    stopped: threading.Event

    def __post_init__(self) -> None:
        self.dice = random.Random(self.number)
        self.made = 0
        self.to_void: list[Recorded] = []

    def run(self) -> None:
        with httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}) as wire:
            while not self.stopped.is_set():
                fresh = self.fresh()
                self.deliver(wire, self.book.enter(fresh, self.dice))
                mine = [event for event in fresh if isinstance(event, Recorded)]
                self.to_void = self.dice.sample(mine, len(mine) // 10)

    def fresh(self) -> list[UsageEvent]:
        voids = [Voided(event.source, self.new_id(), now(), event.source, event.id) for event in self.to_void]
        return [*voids, *(self.event() for _ in range(self.dice.randrange(1, 60)))]

    def event(self) -> Recorded:
        at = now() - timedelta(seconds=self.dice.randrange(DAYS * 86_400))
        amounts = {name: self.dice.randrange(10**7) for name in self.dice.sample(NAMES, self.dice.randrange(1, 4))}
        return Recorded(self.dice.choice(SOURCES), self.new_id(), self.dice.choice(self.projects), at, amounts)

    def new_id(self) -> str:
        self.made += 1
        return str(UUID(int=self.dice.getrandbits(128))) if self.dice.random() < 0.5 else f"{self.number}-{self.made}"

    def deliver(self, wire: httpx.Client, batch: Sequence[UsageEvent]) -> None:
        body = json.dumps([cloud_event(event) for event in batch]).encode()
        while (answer := self.post(wire, body)) is None:
            time.sleep(self.dice.uniform(0.02, 0.3))
        self.book.tell(answer, len(batch))

    def post(self, wire: httpx.Client, body: bytes) -> dict[str, object] | None:
        """The answer, or None where none came; now and then this side itself hangs up before it comes."""
        hangs_up = self.dice.random() < 0.1
        timeout = httpx.Timeout(PATIENCE_SECONDS, read=self.dice.uniform(0.001, 0.05) if hangs_up else PATIENCE_SECONDS)
        try:
            said = wire.post(EVENTS, content=body, headers={"Content-Type": "application/json"}, timeout=timeout)
        except httpx.TransportError:
            self.book.note("hung up" if hangs_up else "cut off")
            return None
        self.book.note(str(said.status_code))
        if said.status_code in range(400, 500):
            self.book.odd.append(f"{said.status_code}: {said.text[:200]}")
        return said.json() if said.status_code == 200 else None


def now() -> datetime:
    return datetime.now(UTC)


def cloud_event(event: UsageEvent) -> dict[str, object]:
    attributes = {"specversion": "1.0", "id": event.id, "source": event.source, "time": event.at.isoformat()}
    if isinstance(event, Voided):
        return {
            **attributes,
            "type": "usage.voided",
            "data": {"voids": {"source": event.voids_source, "id": event.voids_id}},
        }
    data = {name: str(METRICS[name].shown(amount)) for name, amount in event.amounts.items()}
    return {**attributes, "type": "usage.recorded", "subject": str(event.project), "data": data}
