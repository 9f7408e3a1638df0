"""The long versions: what is too slow for each commit. Their result is committed as docs/nightly.md.

`make nightly`, or `python -m tests.nightly`. A further long run is one entry of `RUNS`: a module
that prints what it found as one JSON object and exits 1 if anything of it should not be.
NIGHTLY_POSTGRES: the server on which each run gets an empty database of its own.
NIGHTLY_KILLS: how many workers are killed in each run of that kind (1000).
NIGHTLY_SEQUENCES: how many random lives the store of metering leads on each database (100000).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from bench import machine

ROOT = Path(__file__).resolve().parents[1]
SERVER = os.environ.get("NIGHTLY_POSTGRES", "postgresql://postgres@127.0.0.1:5432")
KILLS = os.environ.get("NIGHTLY_KILLS", "1000")
SEQUENCES = os.environ.get("NIGHTLY_SEQUENCES", "100000")
LIMIT_SECONDS = 3 * 3600

HEAD = """\
# The long runs

Written by `make nightly`; what each run looks for stands at the head of its module.

"""


@dataclass(frozen=True, slots=True)
class Run:
    name: str
    module: str
    arguments: tuple[str, ...]
    database: str  # sqlite, postgresql

    @property
    def command(self) -> str:
        return " ".join(["python -m", self.module, *self.arguments])


@dataclass(frozen=True, slots=True)
class Found:
    run: Run
    is_well: bool
    numbers: dict[str, object]
    seconds: float


RUNS = (
    Run("Killed workers, SQLite", "tests.partnership.kills", (KILLS, "7"), "sqlite"),
    Run("Killed workers, PostgreSQL with real databases", "tests.partnership.kills", (KILLS, "7"), "postgresql"),
    Run("Metering against its model, SQLite", "tests.usage.long_run", (SEQUENCES,), "sqlite"),
    Run("Metering against its model, PostgreSQL", "tests.usage.long_run", (SEQUENCES,), "postgresql"),
)


def main() -> int:
    commit = subprocess.run(
        ["git", "log", "-1", "--format=%h"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    all_found = []
    for run in RUNS:
        all_found.append(found := go(run))
        print(f"{'passed' if found.is_well else 'FAILED'}  {run.name}  {found.seconds:.0f} s", flush=True)
    (ROOT / "docs" / "nightly.md").write_text(report(commit, all_found))
    return int(not all(found.is_well for found in all_found))


def go(run: Run) -> Found:
    begun = time.monotonic()
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
                [sys.executable, "-m", run.module, *run.arguments],
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
    numbers = json.loads(done.stdout or "{}")
    return Found(run, done.returncode == 0, numbers, time.monotonic() - begun)


@contextmanager
def database_for(run: Run) -> Iterator[str]:
    """An empty database on the server, dropped afterwards; SQLite needs none."""
    if run.database == "sqlite":
        yield ""
        return
    name = f"gatehouse_nightly_{os.getpid()}"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{SERVER}/{name}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def report(commit: str, all_found: list[Found]) -> str:
    text = HEAD
    text += f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}. {machine.describe()}, shared with other work.\n"
    text += f"{machine.versions(f'{SERVER}/postgres')}.\n"
    for found in all_found:
        state = "passed" if found.is_well else "FAILED"
        text += f"\n## {found.run.name}: {state}\n\n`{found.run.command}`, {found.seconds:.0f} s\n\n"
        text += "| what | number |\n|---|---:|\n"
        text += "".join(f"| {name} | {shown(value)} |\n" for name, value in found.numbers.items())
    return text


def shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in sorted(value.items()))
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "none"
    return str(value)


if __name__ == "__main__":
    sys.exit(main())
