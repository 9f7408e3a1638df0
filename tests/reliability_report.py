"""Writes docs/reliability.md: what each fault of tests/faults came to.

`python -m tests.reliability_report RESULTS` reads what the tests wrote (FAULTS_RESULTS). Without words it runs
them first, at length, and prints what it found as JSON, for tests/nightly.py. FAULTS_SECONDS: how long each
load goes on then (60). Exit 1 if a test failed, or anything was lost, doubled or half done.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import machine

ROOT = Path(__file__).resolve().parents[1]
SECONDS = os.environ.get("FAULTS_SECONDS", "60")
PAGE = ROOT / "docs" / "reliability.md"
HEAD = """\
# What happens when something breaks

Written by `python -m tests.reliability_report`, which `.ci/run` and `make nightly` call, from the run of `tests/faults`:
real processes, a PostgreSQL and a Redis of their own, and a load of people (code, tokens, profile, refresh), machines
(token, usage events), partners (a project made and paused) and readers. Afterwards what clients were told is compared
with the database: each token told is there and live, each event counts once, each operation ended and was told of once.

| fault | requests | failed, by status | longest outage | slowest | lost | doubled | afterwards |
|---|---:|---|---:|---:|---|---|---|
"""
FOOT = """
**Failed**: answers that were no success. 503 is always `temporarily_unavailable` with `Retry-After`; "cut off" is a connection
that ended without an answer, as the process that had it was killed; anything else, a 500 or a call of more than 40 s,
fails the test. **Longest outage**: the longest time in which calls of one kind failed and none succeeded, as a client saw it.
**Slowest**: one that makes a project waits for it, up to 25 s where the worker is away.
**Afterwards**: whole means that nothing was left half done: no code used up without its tokens, no operation open, no
project unsettled, figures of usage equal to their events.

## What holds

| when | what a caller gets |
|---|---|
| a web process is killed | its connections end; the next call is answered by another, and the parent starts a new one |
| the worker is killed | nothing: what it had begun another takes over when its lease ends (30 s by default) |
| PostgreSQL is away, restarts or recovers | 503 with `Retry-After`, key set and discovery go on; the first call on a thread's broken connection is one too |
| PostgreSQL is slow | the answer, later |
| PostgreSQL is connected and silent | 503 after `GATEHOUSE_DATABASE_SECONDS` (60) and 5 s for a new connection ([0152](decisions/0152-a-silent-database-is-left.md)) |
| Redis is away or hangs | sign-in, authorize, tokens, devices, registration and changes of partners 503; profile, key set, discovery, platform, usage events and a partner's reads go on ([0150](decisions/0150-without-redis-reads-go-on.md)) |
| the disk of the embedded store is full | writes 503, reads go on where they write nothing; no restart is needed once there is room |
| a host's clock is wrong, or jumps | nothing: codes, tokens and leases end by the database's clock ([0153](decisions/0153-the-clock-is-the-databases.md)) |
| a new version goes out | nothing, if its migrations leave the old version running and the balancer takes a web out before it is stopped ([0154](decisions/0154-what-a-deploy-is-tested-with.md)) |
| secrets and keys are rotated | nothing, by the steps of [operating.md](operating.md#keys) |

## What does not

- While PostgreSQL is silent, callers wait: each thread is held for the time above, and nobody else is answered by it.
- A call that was cut off, or got a 503 as the connection broke at its commit, may have been done. A code is then used up; a
  refresh token answers again; events, and projects by their name, may be sent again.
- A full disk under PostgreSQL was not tried: it stops by itself, and is then away. Nor were a power cut, a broken disk, and a
  failover to another PostgreSQL.
"""


def main(*words: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        results = Path(words[0]) if words else Path(folder) / "results.jsonl"
        has_failed = bool(not words and run(results))
        found = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    PAGE.write_text(page(found))
    bad = [each["fault"] for each in found if not is_whole(each)]
    sys.stdout.write(
        json.dumps({"faults": len(found), "requests": sum(each["requests"] for each in found), "not whole": bad})
    )
    return int(has_failed or bool(bad) or not found)


def run(results: Path) -> int:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEHOUSE_")}
    environment = {**kept, "FAULTS_SECONDS": SECONDS, "FAULTS_RESULTS": str(results)}
    command = [sys.executable, "-m", "pytest", "tests/faults"]
    return subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=False).returncode


def is_whole(found: dict[str, Any]) -> bool:
    return not (found["lost"] or found["doubled"] or found["half done"] or found["odd"])


def page(found: list[dict[str, Any]]) -> str:
    ran = f"\n{datetime.now(UTC):%Y-%m-%d}, {machine.describe()}, shared with other work. "
    ran += f"`FAULTS_SECONDS={SECONDS}`: how long each load goes on beside its fault.\n"
    return HEAD + "".join(map(line, found)) + ran + FOOT


def line(found: dict[str, Any]) -> str:
    more = [f"{found['times']} times" if "times" in found else ""]
    more += [f"{found['requests_per_second']} requests a second" if "requests_per_second" in found else ""]
    named = ", ".join(filter(None, [found["fault"], *more]))
    state = "whole" if not found["half done"] else shown(found["half done"])
    odd = f"; odd: {'; '.join(found['odd'])}".replace("|", "\\|") if found["odd"] else ""
    outage = f"{found['longest outage']} s" if found["failed"] else "none"
    return (
        f"| {named} | {found['requests']} | {shown(found['failed'])} | {outage} | {found['slowest']} s "
        f"| {shown(found['lost'])} | {shown(found['doubled'])} | {state}{odd} |\n"
    )


def shown(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "0"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
