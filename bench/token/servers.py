"""A server that runs: filled, started, spoken to and measured."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from bench.token import cpu, load
from bench.token.kinds import BEARERS, FAMILIES, GUNICORN, Kind
from bench.token.load import Load, WrongAnswer
from bench.token.samples import Sample
from bench.token.works import CHALLENGE, WORKS, Share, Site
from tests.lanes.server import free_port, stop

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_SECONDS = 60


@dataclass(slots=True)
class Server:
    """One that runs. What is spent is taken out of `codes` and `refresh_tokens`."""

    kind: Kind
    process: subprocess.Popen[bytes]
    log: Path
    environment: Mapping[str, str]
    database: str
    address: tuple[str, int]
    site: Site
    codes: dict[str, list[str]]
    cookies: list[str]
    refresh_tokens: list[str]
    access_tokens: list[str]

    def read_cpu(self) -> tuple[float, float]:
        """Seconds of CPU so far: the server's, PostgreSQL's."""
        return cpu.of_tree(self.process.pid), cpu.of_database(self.database)

    @property
    def works(self) -> list[str]:
        return [name for name, work in WORKS.items() if self.site.paths.get(work.path)]

    def sample(self, work: str, spec: Load) -> Sample:
        """One measurement. Raises WrongAnswer, with the end of the server's log."""
        shares = self.shares(work, spec)
        try:
            found, before, after = load.measure(self.address, self.site, WORKS[work], shares, spec, self.read_cpu)
        except WrongAnswer as failure:
            failure.add_note(complaints(self.log))
            raise
        server_cpu, postgres_cpu = ((late - early) / found.count for early, late in zip(before, after, strict=True))
        return Sample(found.rate, found.times, server_cpu, postgres_cpu)

    def workers(self) -> list[int]:
        """The processes that answer: those of its tree that have no children."""
        found = cpu.tree(self.process.pid)
        return [each.pid for each in found if each.pid not in {child.parent for child in found}]

    def shares(self, work: str, spec: Load) -> list[Share]:
        """For each client what one measurement of `work` may need."""
        codes: list[list[str]] = [[] for _ in range(load.CLIENTS)]
        if spends := WORKS[work].spends:
            each = int(self.kind.most * (spec.seconds + spec.warm_up_seconds) / load.CLIENTS)
            codes = [taken(self.codes[spends], each) for _ in codes]
        return [
            Share(part, self.refresh_tokens.pop() if work == "refresh" else "", self.access_tokens, self.cookies)
            for part in codes
        ]


def taken(items: list[str], number: int) -> list[str]:
    found = items[-number:]
    del items[-number:]
    return found


@contextlib.contextmanager
def running(name: str, kind: Kind, postgres: str, folder: Path, codes: int) -> Iterator[Server]:
    """A server with `codes` codes of each kind, and its database if it has one. All is gone afterwards.

    `name` is unique among those of one run.
    """
    # With the number of this process: two runs at once take no database away from each other.
    database = f"gatehouse_bench_{name.replace('-', '_')}_{os.getpid()}"
    with fresh_database(postgres, database) if kind.seed else contextlib.nullcontext("") as url:
        port, seeds = free_port(), folder / f"{name}.json"
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GATEHOUSE_")},
            **kind.environment,
            **of_this_run(kind, url, folder, port),
            "BENCH_CODES": str(codes),
            "BENCH_SEEDS": str(seeds),
        }
        if kind.seed:
            subprocess.run([sys.executable, "-W", "ignore", "-m", kind.seed], cwd=ROOT, env=environment, check=True)
        process = start(kind, environment, port, log := folder / f"{name}.log")
        try:
            wait_until_up(kind, process, port, log)
            yield server_of(kind, process, log, environment, database, port, json.loads(seeds.read_text()))
        finally:
            stop(process)


@contextlib.contextmanager
def fresh_database(postgres: str, name: str) -> Iterator[str]:
    """The address of an empty database of that name, dropped afterwards."""
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{postgres.rsplit('/', 1)[0]}/{name}"
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def of_this_run(kind: Kind, url: str, folder: Path, port: int) -> dict[str, str]:
    """What is not known before: where the server finds its database and is found itself."""
    named = {"STOCK_DATABASE_URL": url, "HOST": "127.0.0.1", "PORT": str(port)}
    if "GATEHOUSE_PROFILE" in kind.environment:
        named |= {"GATEHOUSE_DATABASE_URL": url, "GATEHOUSE_VAR": str(folder)}
    return {**named, "DJANGO_SETTINGS_MODULE": kind.settings}


def start(kind: Kind, environment: Mapping[str, str], port: int, log: Path) -> subprocess.Popen[bytes]:
    command = (*kind.command, "--bind", f"127.0.0.1:{port}") if kind.command[:4] == GUNICORN[:4] else kind.command
    with log.open("wb") as output, load.on_cores(load.server_cores()):
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until_up(kind: Kind, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Raises AssertionError, with the log's last lines, if it does not come up."""
    site, deadline = site_of(kind, {}), time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            wire = load.Wire(("127.0.0.1", port), WORKS["empty"].expected)
            wire.ask(next(WORKS["empty"].requests(site, Share())))
            return
        time.sleep(0.05)
    raise AssertionError(f"{kind.title} did not come up:\n{log.read_text()[-3000:]}")


def complaints(log: Path) -> str:
    """The last lines of `log` that are not of requests answered well."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if '"status": 200' not in line]
    return "\n".join(lines[-5:])[-5000:]


def site_of(kind: Kind, seeds: Mapping[str, object]) -> Site:
    clients = seeds.get("clients", {})
    paths = {**kind.paths, "metadata": str(seeds.get("metadata_path", ""))}
    if clients and "authorize" in paths:
        paths["authorize"] += "?" + urlencode(
            {
                "response_type": "code",
                "client_id": clients["confidential"]["client_id"],
                "redirect_uri": clients["confidential"]["redirect_uri"],
                "scope": kind.scope,
                "state": "bench",
                "code_challenge": CHALLENGE,
                "code_challenge_method": "S256",
            }
        )
    headers = {"X-Partnership-Secret": str(seeds["partner_secret"])} if "partner_secret" in seeds else {}
    return Site("id.bench.example", paths, clients, headers)


def server_of(
    kind: Kind,
    process: subprocess.Popen[bytes],
    log: Path,
    environment: Mapping[str, str],
    database: str,
    port: int,
    seeds: dict[str, object],
) -> Server:
    site, address, codes = site_of(kind, seeds), ("127.0.0.1", port), seeds["codes"]
    # Of different families: the toolkit ends the access token of the one that is refreshed.
    to_refresh = redeem(address, site, codes["public"], FAMILIES)
    to_show = redeem(address, site, codes["public"], BEARERS)
    return Server(
        kind,
        process,
        log,
        environment,
        database,
        address,
        site,
        codes,
        cookies=seeds["cookies"],
        refresh_tokens=[answer["refresh_token"] for answer in to_refresh],
        access_tokens=[answer["access_token"] for answer in to_show],
    )


def redeem(address: tuple[str, int], site: Site, codes: list[str], number: int) -> list[dict[str, str]]:
    """Tokens that the server itself gave, a family each, for the works that begin with one."""
    wire, work = load.Wire(address, b'"access_token"'), WORKS["public"]
    requests, answer = work.requests(site, Share(taken(codes, number))), None
    answers = []
    for _ in range(number):
        answer = wire.ask(requests.send(answer))
        answers.append(json.loads(answer))
    return answers
