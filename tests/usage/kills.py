"""Web workers and server backends killed at random instants while meters send.

`python -m tests.usage.kills postgresql 40 7`: 40 kills, seed 7, on a PostgreSQL and a Redis of its
own; `sqlite`: the one web process that there is. Fewer when NIGHTLY_SECONDS are over.
A meter repeats each batch until it is acknowledged. Prints what it found as JSON; exits 1 if an
event was lost or counted twice, a cell of the rollup is not what the model says, the database met a
deadlock, or the service ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import httpx
import psycopg

from tests.lanes.own_servers import Postgres, own_postgres, own_redis
from tests.lanes.server import ROOT, Server, running
from tests.long_runs import is_over
from tests.usage.model_store import ModelStore, Stored
from tests.usage.repeating_meters import DAYS, SOURCES, Book, Meter
from usage import event_ids
from usage.metrics import METRICS, NAMES, SUMS
from usage.store import Recorded, UsageEvent, Voided

METERS = 4
PROJECTS = 5
MOST_BATCHES = 8  # between two kills
LONGEST_WAIT_SECONDS = 10  # for them
LONGEST_PAUSE_SECONDS = 0.2
ACKNOWLEDGED_WITHIN_SECONDS = 120
BUSY = (
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND state <> 'idle' "
    "AND pid <> pg_backend_pid()"
)
STORED = (
    f"SELECT s.name, e.event_id, e.project_id, e.at, {', '.join(NAMES)} "
    "FROM usage_event e JOIN usage_source s ON s.id = e.source_id"
)
ROLLUP = f"SELECT project_id, day, {', '.join(NAMES)} FROM usage_daily"
LIVE = "SELECT id FROM partnership_project WHERE environment = 'live'"
COLLECTED = "ec2_compute"  # it may grow between two reads
# What has to be nothing.
FAULTS = (
    *("not acknowledged", "lost", "counted twice", "never sent", "cells that differ"),
    *("check_usage finds", "read otherwise", "deadlocks", "odd answers", "service ended"),
)


@dataclass
class House:
    """The service and its database, from outside."""

    server: Server
    environment: dict[str, str]
    postgres: Postgres | None

    @property
    def partner(self) -> dict[str, str]:
        return self.server.demo["partners"]["white_label"]

    def rows(self, *statements: str) -> list[list[tuple]]:
        """What each gives, all of one moment: collectors go on."""
        if self.postgres:
            with self.postgres.connect() as server:
                server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                return [server.execute(sql).fetchall() for sql in statements]
        path = Path(self.environment["GATEHOUSE_VAR"]) / "dev.sqlite3"
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
            file.execute("BEGIN")
            return [file.execute(sql).fetchall() for sql in statements]


def main(kind: str, kills: int, seed: int) -> int:
    with a_house(kind) as house:
        book, stopped = Book(), threading.Event()
        token, projects = get_token(house), [make_project(house, number) for number in range(PROJECTS)]
        meters = [Meter(n, house.server.url, token, projects, book, stopped) for n in range(METERS)]
        threads = [threading.Thread(target=meter.run, daemon=True) for meter in meters]
        for thread in threads:
            thread.start()
        killed = kill(house, kills, book, random.Random(seed))
        stopped.set()
        deadline = time.monotonic() + ACKNOWLEDGED_WITHIN_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        found = {
            "kills": sum(killed.values()),
            "asked for": kills,
            "killed": dict(killed),
            "not acknowledged": sum(thread.is_alive() for thread in threads),
            **report(house, book),
        }
    sys.stdout.write(json.dumps(found))
    return int(any(found[name] for name in FAULTS))


@contextlib.contextmanager
def a_house(kind: str) -> Iterator[House]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-kills-")))
        postgres = stack.enter_context(own_postgres()) if kind == "postgresql" else None
        given = {
            "GATEHOUSE_PROFILE": "embedded",
            "GATEHOUSE_VAR": str(folder),
            "GATEHOUSE_DATABASE_URL": postgres.url if postgres else "",
            "GATEHOUSE_REDIS_URL": stack.enter_context(own_redis()) if postgres else "",
            "GATEHOUSE_WEB_CONCURRENCY": "3" if postgres else "1",
            "GATEHOUSE_ACCESS_TOKEN_SECONDS": "86400",  # a thousand kills take longer than an hour
        }
        migrate(given)
        yield House(stack.enter_context(running(folder, **given)), given, postgres)


def migrate(given: dict[str, str]) -> None:
    """Before the server, whose start is given a minute: on a busy machine this takes one."""
    command = [sys.executable, "-W", "ignore", "manage.py", "migrate", "-v", "0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **given}, check=True, stdout=subprocess.DEVNULL)


def get_token(house: House) -> str:
    client = house.server.demo["clients"]["machine"]
    body = {"grant_type": "client_credentials", **client}
    answer = httpx.post(f"{house.server.url}/api/oauth/v1/token", json=body, timeout=30)
    return str(answer.raise_for_status().json()["access_token"])


def make_project(house: House, number: int) -> UUID:
    answer = httpx.post(
        f"{house.server.url}/partnership/v1/{house.partner['id']}/sync-embedded-project",
        headers={"X-Partnership-Secret": house.partner["secret"]},
        json={"project_name": f"Shop {number}", "region": "us-east"},
        timeout=30,
    )
    return UUID(answer.raise_for_status().json()["project"]["id"])


# The kills


def kill(house: House, kills: int, book: Book, dice: random.Random) -> Counter[str]:
    """Whom it killed, and how often; fewer if the service ended by itself or time is over."""
    killed: Counter[str] = Counter()
    while killed.total() < kills and house.server.process.poll() is None and not is_over():
        let_work(book, dice)
        if house.postgres and dice.random() < 0.5:
            killed["backend"] += kill_one(busy_backends(house.postgres), dice)
        else:
            killed["web worker"] += kill_one(web_workers(house.server.process.pid), dice)
    return killed


def let_work(book: Book, dice: random.Random) -> None:
    """A random instant, after some batches were acknowledged: else recovery is all that is killed."""
    enough = book.acknowledged + dice.randrange(MOST_BATCHES)
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while book.acknowledged < enough and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(dice.uniform(0, LONGEST_PAUSE_SECONDS))


def kill_one(pids: list[int], dice: random.Random) -> int:
    """How many: none if there is nobody, or who was there has just ended."""
    if not pids:
        return 0
    try:
        os.kill(dice.choice(pids), signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def busy_backends(postgres: Postgres) -> list[int]:
    with contextlib.suppress(psycopg.OperationalError), postgres.connect() as server:
        return [pid for (pid,) in server.execute(BUSY)]
    return []


def web_workers(parent: int) -> list[int]:
    """Children of the web process, which is the one of the parent's children that has any."""
    return [worker for child in children(parent) for worker in children(child)]


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


# What is left


def report(house: House, book: Book) -> dict[str, object]:
    stored_rows, rollup_rows, live = house.rows(STORED, ROLLUP, LIVE)
    sent = {(event.source, event.id) for event in book.sent}
    stored = Counter((row[0], event_ids.unpack(bytes(row[1]))) for row in stored_rows if row[0] in SOURCES)
    others = [of_others(row) for row in stored_rows if row[0] not in SOURCES]
    model = a_model([*book.sent, *others])
    days = {(each.project, each.at.date()) for each in [*book.sent, *others] if isinstance(each, Recorded)}
    expected = {pair: model.row(*pair) for pair in days}
    return {
        "events": len(sent),
        "taken back": sum(isinstance(event, Voided) for event in book.sent),
        "answers": dict(book.answers),
        "accepted without an answer": len(sent) - book.accepted,
        "lost": len(sent - stored.keys()),
        "counted twice": (stored.total() - len(stored)) + max(0, book.accepted - len(sent)),
        "never sent": len(stored.keys() - sent),
        "cells": len(expected) * len(NAMES),
        "cells that differ": differing(expected, dict(map(rolled_up, rollup_rows))),
        "check_usage finds": check_usage(house),
        "read otherwise": read_otherwise(house, expected, {UUID(str(id_)) for (id_,) in live}),
        "deadlocks": house.postgres.logged("deadlock detected") if house.postgres else 0,
        "crashes of the server": house.postgres.logged("was terminated by signal 9") if house.postgres else 0,
        "odd answers": book.odd[:5],
        "service ended": house.server.process.poll() is not None,
    }


def of_others(row: tuple) -> Recorded:
    """An event of the collectors or the demo, as it is stored: the rollup has it too."""
    source, packed, project, at, *amounts = row
    at = datetime.fromisoformat(str(at))
    return Recorded(
        source,
        event_ids.unpack(bytes(packed)),
        UUID(str(project)),
        at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC),
        {name: amount for name, amount in zip(NAMES, amounts, strict=True) if amount is not None},
    )


def a_model(events: list[UsageEvent]) -> ModelStore:
    """The store in memory after each event was counted once, and each void took one back."""
    model = ModelStore({}, datetime.now(UTC))
    taken = {(event.voids_source, event.voids_id) for event in events if isinstance(event, Voided)}
    model.stored = [Stored(event, 1, event.at, 1, taken_back=(event.source, event.id) in taken) for event in events]
    return model


def rolled_up(row: tuple) -> tuple[tuple[UUID, date], dict[str, int | None]]:
    project, day, *cells = row
    return (UUID(str(project)), date.fromisoformat(str(day))), dict(zip(NAMES, cells, strict=True))


def differing(expected: dict, rollup: dict) -> int:
    nothing = dict.fromkeys(NAMES)
    return sum(
        (expected.get(pair) or nothing)[name] != (rollup.get(pair) or nothing)[name]
        for pair in expected.keys() | rollup.keys()
        for name in NAMES
    )


def check_usage(house: House) -> int:
    """How many differences the operator's command finds."""
    today = datetime.now(UTC).date()
    command = [sys.executable, "-W", "ignore", "manage.py", "check_usage", "--json", "--to", f"{today}"]
    command += ["--from", f"{today - timedelta(days=DAYS + 1)}"]
    environment = {**os.environ, **house.environment}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr[-3000:]
    return len(json.loads(done.stdout)["differences"])


def read_otherwise(house: House, expected: dict, live: set[UUID]) -> list[str]:
    """Of which metrics the partnership's sum as a partner reads it is another than the model's."""
    answer = httpx.get(
        f"{house.server.url}/partnership/v1/{house.partner['id']}/usage",
        headers={"X-Partnership-Secret": house.partner["secret"]},
        timeout=30,
    )
    read = json.loads(answer.raise_for_status().text, parse_float=Decimal)
    first = date.fromisoformat(read["period"]["start"][:10])
    rows = [row for (project, day), row in expected.items() if project in live and day >= first]
    return [
        name
        for name in SUMS
        if name != COLLECTED
        if sum(row[name] for row in rows) != int(read["summary"][name] * 10 ** METRICS[name].places)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
