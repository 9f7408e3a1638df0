"""PostgreSQL alone with the statements of Gatehouse, prepared: pgbench, in the place of a server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench.token import cpu
from bench.token.load import CLIENTS, Load, client_cores, on_cores
from bench.token.samples import Sample
from bench.token.servers import ROOT, Server, taken
from bench.token.works import WORKS
from tests.lanes.own_servers import DEBIANS

TITLE = "PostgreSQL alone"
MOST = 2_500  # requests a second that one of its clients does not reach
RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
COUNT = re.compile(r"^number of transactions actually processed: ([0-9]+)", re.MULTILINE)


@dataclass(slots=True)
class Ceiling:
    url: str
    folder: Path
    scripts: Mapping[str, Mapping[str, Any]]
    turns: dict[str, int] = field(default_factory=dict)  # where the next measurement of a work begins

    @property
    def works(self) -> list[str]:
        return list(self.scripts)

    def sample(self, work: str, spec: Load) -> Sample:
        script, turn = self.scripts[work], self.turns.get(work, 0)
        path = self.folder / f"{work}.sql"
        path.write_text(f"{script['sql']}\n\\set turn :turn + 1\n")
        if script["before"]:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(script["before"].replace(":turn", str(turn)))
        printed, spent = self.run(path, {**script["variables"], "work": work, "turn": turn}, spec.seconds)
        count = int(COUNT.search(printed)[1])
        self.turns[work] = turn + count
        if WORKS[work].spends:
            self.turns[work] = turn + int(MOST * spec.seconds)
            assert count < CLIENTS * MOST * spec.seconds, f"{work}: faster than codes were made for"
        return Sample(float(RATE.search(printed)[1]), [], 0.0, spent / count)

    def run(self, path: Path, variables: Mapping[str, object], seconds: float) -> tuple[str, float]:
        """What pgbench prints, and the CPU seconds of its connections. It knows whole seconds only."""
        command = [
            *(find_pgbench(), self.url, "--no-vacuum", "--protocol=prepared", f"--file={path}"),
            *(f"--client={CLIENTS}", f"--jobs={CLIENTS}", f"--time={max(1, round(seconds))}"),
            *(f"--define={name}={value}" for name, value in variables.items()),
        ]
        database = self.url.rpartition("/")[2]
        before = spent = cpu.of_database(database)
        with on_cores(client_cores()):
            pgbench = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while pgbench.poll() is None:  # what has ended can't be asked
            spent = max(spent, cpu.of_database(database))
            time.sleep(0.1)
        printed, complaints = pgbench.communicate()
        assert pgbench.returncode == 0, complaints[-2000:]
        return printed, spent - before


def find_pgbench() -> str:
    found = [shutil.which("pgbench"), *map(str, Path(DEBIANS).glob("*/bin/pgbench"))]
    assert any(found), f"pgbench, which comes with PostgreSQL, is neither on the path nor under {DEBIANS}"
    return next(filter(None, found))


def ceiling(server: Server, folder: Path, seconds: float) -> Ceiling:
    """That of `server`, a running Gatehouse, on its own database, for `seconds` of measuring each work."""
    given = {"clients": server.site.clients, "codes": {kind: taken(codes, 4) for kind, codes in server.codes.items()}}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.token.statements"],
        cwd=ROOT,
        env={**server.environment, "GATEHOUSE_LOG_LEVEL": "ERROR", "BENCH_TURNS": str(int(MOST * seconds) + CLIENTS)},
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Ceiling(server.environment["GATEHOUSE_DATABASE_URL"], folder, json.loads(done.stdout))
