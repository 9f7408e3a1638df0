"""The token path beside its peers: every work on every server, in turn, in rounds.

BENCH_SECONDS (4) of each measurement, BENCH_ROUNDS (3). BENCH_FULL=1: the large tables too.
BENCH_REQUESTS over which memory is watched (20,000, in full 100,000). BENCH_SMOKE=1: briefly, on two servers alone,
to see that it works.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.plot import Plot
from bench.report import Table
from bench.token import ceiling, large, samples, servers, steady, targets
from bench.token.ceiling import Ceiling
from bench.token.kinds import KINDS, NODE, PROCESSES, SMOKE, THREADS
from bench.token.load import CLIENTS, Load
from bench.token.samples import Sample, Samples, median, milliseconds
from bench.token.servers import Server
from bench.token.works import WORKS

FULL = bool(os.environ.get("BENCH_FULL"))
SECONDS = 0.3 if SMOKE else float(os.environ.get("BENCH_SECONDS", "4"))
ROUNDS = 1 if SMOKE else int(os.environ.get("BENCH_ROUNDS", "3"))
FULL_SPEED = Load(SECONDS, warm_up_seconds=min(1.0, SECONDS / 2))
SERVERS = ("gatehouse", "stock") if SMOKE else tuple(KINDS)
TITLES = {**{name: kind.title for name, kind in KINDS.items()}, "pgbench": ceiling.TITLE}
DRAWN = set(KINDS)
COLUMNS = ["server", "requests/s", "min to max", "p50 ms", "p99 ms", "CPU ms, server", "CPU ms, PostgreSQL"]
WORDS = f"""\
{CLIENTS} client processes, each with kept connections and one request under way; {PROCESSES} processes of each server
with {THREADS} threads on the same PostgreSQL; {ROUNDS} rounds in which every work goes from server to server, of
{SECONDS:g} s each after a warm-up; medians of the rounds. Gatehouse as in production: limits (in Redis), logs, metrics
and all middleware. Toolkit, stock: a new project with django-oauth-toolkit's defaults, in which a client's secret
is hashed as slowly as a password; and again with the secret kept as it is and every switch on that hardens the toolkit.
oidc-provider is one process, as a second one would not know the codes of the first: nothing it gives survives its end,
and access tokens (JWT) are not kept at all, so it has no profile whose token could have been revoked. PostgreSQL alone:
pgbench with the statements that Gatehouse sends, prepared. CPU is of the server's processes and of PostgreSQL's
for its database."""


def measure(postgres: str) -> list[Table]:
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as name:
        folder = Path(name)
        (folder / "static").mkdir()
        install_node()
        found, behaviour = beside_peers(postgres, folder)
        if FULL:  # after the other servers have given their connections back
            behaviour.append(large.measure(postgres, folder, FULL_SPEED, ROUNDS))
    if SMOKE:
        return summaries(found)
    return [*summaries(found), targets.table(found), *behaviour, *details(found)]


def beside_peers(postgres: str, folder: Path) -> tuple[Samples, list[Table]]:
    """Every work on every server, and how Gatehouse behaves over time."""
    with contextlib.ExitStack() as stack:
        started = {
            name: stack.enter_context(
                servers.running(name, kind := KINDS[name], postgres, folder, kind.codes(FULL_SPEED, 2 * ROUNDS))
            )
            for name in SERVERS
        }
        found, gatehouse = measure_all(started, folder), started["gatehouse"]
        if SMOKE:
            return found, []
        return found, [steady.paced(gatehouse, found, FULL_SPEED, ROUNDS), steady.memory(gatehouse, FULL_SPEED)]


def install_node() -> None:
    if "oidc-provider" in SERVERS and not (NODE / "node_modules").is_dir():
        subprocess.run([shutil.which("npm") or "npm", "ci", "--silent"], cwd=NODE, check=True)


def measure_all(started: dict[str, Server], folder: Path) -> Samples:
    """Each work on one server after the other; the next round begins with another one."""
    subjects: dict[str, Server | Ceiling] = dict(started)
    if not SMOKE:
        subjects["pgbench"] = ceiling.ceiling(started["gatehouse"], folder, SECONDS * ROUNDS)
    found: Samples = {}
    names = list(subjects)
    for turn in range(ROUNDS):
        for work in WORKS:
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                if work in subjects[name].works:
                    found.setdefault((work, name), []).append(subjects[name].sample(work, FULL_SPEED))
    return found


def summaries(found: Samples) -> list[Table]:
    heads = f"{WORDS}\n\nRequests a second:", "Milliseconds of CPU a request, server and PostgreSQL:"
    rates = {key: median(each, samples.rate) for key, each in found.items()}
    cpu = {key: 1000 * median(each, samples.cpu) for key, each in found.items()}
    return [
        summary(heads[0], rates, "{:,.0f}", plot_of("rates", "Requests a second", rates, DRAWN)),
        # Without stock, whose hash of the secret would leave no other bar to be seen.
        summary(heads[1], cpu, "{:.2f}", plot_of("cpu", "Milliseconds of CPU a request", cpu, DRAWN - {"stock"})),
    ]


def summary(words: str, medians: dict[tuple[str, str], float], form: str, plot: Plot) -> Table:
    columns = [each for each in TITLES if any(server == each for _, server in medians)]
    rows = [
        [WORKS[work].title, *(form.format(medians[work, each]) if (work, each) in medians else "" for each in columns)]
        for work in WORKS
    ]
    return Table(words, ["", *(TITLES[each] for each in columns)], rows, plot)


def plot_of(name: str, title: str, medians: dict[tuple[str, str], float], drawn: set[str]) -> Plot:
    """The works that several servers do."""
    series = [each for each in TITLES if each in drawn and any(server == each for _, server in medians)]
    works = [work for work in WORKS if sum((work, each) in medians for each in series) > 1]
    values = [[medians.get((work, each)) for each in series] for work in works]
    return Plot(
        f"token-path-{name}", title, [TITLES[each] for each in series], [WORKS[each].title for each in works], values
    )


def details(found: Samples) -> list[Table]:
    return [
        Table(
            f"{WORKS[work].title}.",
            COLUMNS,
            [[TITLES[name], *row(found[work, name])] for name in TITLES if (work, name) in found],
        )
        for work in WORKS
    ]


def row(found: list[Sample]) -> list[str]:
    rates = [each.rate for each in found]
    return [
        f"{median(found, samples.rate):,.0f}",
        f"{min(rates):,.0f} to {max(rates):,.0f}",
        *(milliseconds(median(found, each)) if found[0].times else "" for each in (samples.p50, samples.p99)),
        milliseconds(median(found, lambda each: each.server_cpu)),
        milliseconds(median(found, lambda each: each.postgres_cpu)),
    ]
