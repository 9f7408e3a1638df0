"""The long versions: what is too slow for each commit. Their result is committed as docs/nightly.md.

`make nightly`, or `python -m tests.nightly "meters send"` for the runs whose names have these words; what
the page says of the others stays. A further long run is one entry of `RUNS`: a module that
prints what it found as one JSON object and exits 1 if anything of it should not be.
NIGHTLY_POSTGRES: the server on which each run gets an empty database of its own.
NIGHTLY_KILLS: how many workers are killed in each run of that kind (1000).
NIGHTLY_SEQUENCES: how many random lives the store of metering leads on each database (100000).
NIGHTLY_TOKEN_STEPS: how many random steps codes and tokens are taken through (1000000).
NIGHTLY_SECONDS: after how many a run against a model or of web kills ends, with what it has done (none).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bench import machine

ROOT = Path(__file__).resolve().parents[1]
SERVER = os.environ.get("NIGHTLY_POSTGRES", "postgresql://postgres@127.0.0.1:5432")
KILLS = os.environ.get("NIGHTLY_KILLS", "1000")
SEQUENCES = os.environ.get("NIGHTLY_SEQUENCES", "100000")
TOKEN_STEPS = os.environ.get("NIGHTLY_TOKEN_STEPS", "1000000")
CORES = os.cpu_count() or 1
LIMIT_SECONDS = 8 * 3600
PAGE = ROOT / "docs" / "nightly.md"

HEAD = """\
# The long runs

Written by `make nightly`; what each run looks for stands at the head of its module.

"""


@dataclass(frozen=True, slots=True)
class Run:
    name: str
    module: str
    arguments: tuple[str, ...]
    database: str  # sqlite, postgresql, its own: it starts what it needs
    processes: int = 1  # between which it is shared, with a database each

    @property
    def command(self) -> str:
        return " ".join(["python -m", self.module, *self.arguments])

    @property
    def shares(self) -> list[tuple[str, ...]]:
        """The arguments of each process."""
        if self.processes == 1:
            return [self.arguments]
        return [(*self.arguments, f"{place + 1}/{self.processes}") for place in range(self.processes)]


@dataclass(frozen=True, slots=True)
class Found:
    run: Run
    is_well: bool
    numbers: dict[str, Any]
    seconds: float


RUNS = (
    Run("Killed workers, SQLite", "tests.partnership.kills", (KILLS, "7"), "sqlite"),
    Run("Killed workers, PostgreSQL with real databases", "tests.partnership.kills", (KILLS, "7"), "postgresql"),
    Run("Metering against its model, SQLite", "tests.usage.long_run", (SEQUENCES,), "sqlite", CORES),
    Run("Metering against its model, PostgreSQL", "tests.usage.long_run", (SEQUENCES,), "postgresql", CORES),
    Run("Codes and tokens against their model", "tests.oauth.long_run_of_tokens", (TOKEN_STEPS,), "postgresql", CORES),
    Run("Killed web process while meters send, SQLite", "tests.usage.kills", ("sqlite", KILLS, "7"), "its own"),
    Run(
        "Killed web workers and backends while meters send, PostgreSQL",
        "tests.usage.kills",
        ("postgresql", KILLS, "7"),
        "its own",
    ),
    Run("Faults of every kind, under load (docs/reliability.md)", "tests.reliability_report", (), "its own"),
)


def main(words: str = "") -> int:
    commit = subprocess.run(
        ["git", "log", "-1", "--format=%h"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    all_found = []
    for run in [run for run in RUNS if words in run.name]:
        all_found.append(found := go(run))
        print(f"{'passed' if found.is_well else 'FAILED'}  {run.name}  {found.seconds:.0f} s", flush=True)
    PAGE.write_text(page(PAGE.read_text(), {found.run.name: section(commit, found) for found in all_found}))
    return int(not all(found.is_well for found in all_found))


def go(run: Run) -> Found:
    begun = time.monotonic()
    with ThreadPoolExecutor(run.processes) as threads:
        all_done = list(threads.map(lambda arguments: share(run, arguments), run.shares))
    is_well = all(done.returncode == 0 for done in all_done)
    numbers = reduce(added, [json.loads(done.stdout or "{}") for done in all_done])
    return Found(run, is_well, numbers, time.monotonic() - begun)


def share(run: Run, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder, database_for(run) as url:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEHOUSE_")}
        environment = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "GATEHOUSE_PROFILE": "embedded",
            "GATEHOUSE_VAR": folder,
            **({"GATEHOUSE_DATABASE_URL": url} if url else {}),
        }
        with (Path(folder) / "errors").open("w+") as errors:
            done = subprocess.run(
                [sys.executable, "-m", run.module, *arguments],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                timeout=LIMIT_SECONDS,
                check=False,
            )
            if not done.stdout:
                errors.seek(0)
                sys.stderr.write(errors.read()[-3000:])
    return done


def added(mine: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What two processes of a run found: counts are added up, lists put together, also of what only one has."""
    both = {**mine, **other}
    for name in mine.keys() & other.keys():
        values = mine[name], other[name]
        both[name] = added(*values) if isinstance(values[0], dict) else values[0] + values[1]
    return both


@contextmanager
def database_for(run: Run) -> Iterator[str]:
    """An empty database on the server, dropped afterwards; the others need none."""
    if run.database != "postgresql":
        yield ""
        return
    name = f"gatehouse_nightly_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{SERVER}/{name}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def page(before: str, sections: dict[str, str]) -> str:
    """The page with these sections anew, the others as they stand in `before`, in the order of `RUNS`."""
    kept = {text.partition(": ")[0]: f"## {text.rstrip()}\n" for text in before.split("\n## ")[1:]}
    kept |= sections
    return HEAD + "\n".join(kept[run.name] for run in RUNS if run.name in kept)


def section(commit: str, found: Found) -> str:
    state = state_of(found)
    shared = f" in {found.run.processes} processes" if found.run.processes > 1 else ""
    text = f"## {found.run.name}: {state}\n\n`{found.run.command}`{shared}, {found.seconds:.0f} s\n\n"
    text += f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}. {machine.describe()}, shared with other work.\n"
    text += f"{machine.versions(f'{SERVER}/postgres')}.\n\n"
    text += "| what | number |\n|---|---:|\n"
    return text + "".join(f"| {name} | {shown(value)} |\n" for name, value in found.numbers.items())


def state_of(found: Found) -> str:
    """The first number is of what was done."""
    if not found.is_well:
        return "FAILED"
    done = next(iter(found.numbers.values()), 0)
    return "passed" if done >= found.numbers.get("asked for", done) else "passed as far as it went"


def shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in sorted(value.items()))
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "none"
    return str(value)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
