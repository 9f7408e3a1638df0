"""The clients that `bench/usage_child.py` starts: each makes its work before the clock starts.

A client is made of projects, a batch's size and its number; each call of it does one batch and
says how many events that were, 0 when it has no more.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from django.db import connection

from usage import event_ids
from usage.metrics import METRICS, NAMES
from usage.sql_store import clean_batches, store
from usage.store import Recorded, Sender

SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
MOST_A_SECOND = 20_000  # events that a client makes ahead
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SENDER = Sender(1, "live")


def made_ahead(projects: list[UUID], batch: int, number: int) -> list[list[Recorded]]:
    chosen = random.Random(f"{number} {time.time_ns()}")
    now = datetime.now(UTC)
    milliseconds = time.time_ns() // 1_000_000
    limit = min(int(MOST_A_SECOND * SECONDS), int(batch * 400 * SECONDS))
    return [
        [
            Recorded(
                f"/edge/{number}",
                ulid(milliseconds + turn, chosen),
                chosen.choice(projects),
                now - timedelta(seconds=chosen.randrange(60)),
                {chosen.choice(NAMES): chosen.randrange(1, 10**6)},
            )
            for _ in range(batch)
        ]
        for turn in range(max(1, limit // batch))
    ]


def ulid(milliseconds: int, chosen: random.Random) -> str:
    """Ten characters of time, sixteen of chance."""
    time_ = "".join(CROCKFORD[milliseconds >> shift & 31] for shift in range(45, -1, -5))
    return time_ + "".join(chosen.choices(CROCKFORD, k=16))


def recorder(projects: list[UUID], batch: int, number: int) -> Callable[[], int]:
    work = iter(made_ahead(projects, batch, number))
    now = store.clock()

    def step() -> int:
        return len(store.record(SENDER, events, now)) if (events := next(work, None)) else 0

    return step


def unrolled(projects: list[UUID], batch: int, number: int) -> Callable[[], int]:
    clean_batches.rollup = lambda *_, **__: ""
    return recorder(projects, batch, number)


def poster(url: str, token: str, projects: list[UUID], batch: int, number: int) -> Callable[[], int]:
    bodies = iter([json.dumps([as_sent(each) for each in events]) for events in made_ahead(projects, batch, number)])
    wire = httpx.Client(headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})

    def step() -> int:
        body = next(bodies, None)
        if body is None:
            return 0
        answer = wire.post(f"{url}/usage/v1/events", content=body, timeout=60).json()
        if answer["accepted"] != batch:
            raise RuntimeError(f"not all of a batch was counted: {answer}")
        return batch

    return step


def as_sent(event: Recorded) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": "usage.recorded",
        "subject": str(event.project),
        "time": event.at.isoformat(),
        "data": {name: str(amount // 10 ** METRICS[name].places) for name, amount in event.amounts.items()},
    }


def copier(table: str, projects: list[UUID], batch: int, number: int) -> Callable[[], int]:
    """Rows as the store has them, sorted as it does, every key once."""
    columns = ("at", *NAMES, "source_id", "client", "delay_seconds", "generation", "project_id", "event_id")
    texts = iter(
        [
            "".join(sorted(as_copied(each, number) for each in events)).encode()
            for events in made_ahead(projects, batch, number)
        ]
    )
    connection.ensure_connection()
    raw = connection.connection.cursor()

    def step() -> int:
        text = next(texts, None)
        if text is None:
            return 0
        with raw.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as sink:
            sink.write(text)
        return batch

    return step


def as_copied(event: Recorded, client: int) -> str:
    amounts = (str(event.amounts.get(name, "\\N")) for name in NAMES)
    key = f"\\\\x{event_ids.pack(event.id).hex()}"
    cells = [event.at.isoformat(), *amounts, f"{client + 1}", "1", "0", "1", str(event.project), key]
    return "\t".join(cells) + "\n"
