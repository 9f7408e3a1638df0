"""Servers of a test's own, and the service on them: web and worker apart, as a deployment has them."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.faults.load import Book, Cast, Wire, sign_in
from tests.lanes.own_servers import Postgres, Redis
from tests.lanes.server import ROOT, SHARED_SECRETS, Server, running

UNLIMITED = ",".join(f"{name}=1000000/60" for name in ("authorize", "token", "client_failure", "profile"))
WEB = (sys.executable, "manage.py", "serve", "--no-worker")
WORK = (sys.executable, "manage.py", "work")
SETTLED_WITHIN_SECONDS = 90


@dataclass
class House:
    folder: Path
    environment: dict[str, str]
    postgres: Postgres | None = None
    redis: Redis | None = None

    def with_database(self, name: str, *, template: str = "template1") -> House:
        """The same servers with a database of its own, and nothing else of this house."""
        self.change(f"CREATE DATABASE {name} TEMPLATE {template}")
        url = f"{self.environment['GATEHOUSE_DATABASE_URL'].rpartition('/')[0]}/{name}"
        folder = self.folder / name
        folder.mkdir()
        own = {"GATEHOUSE_DATABASE_URL": url, "GATEHOUSE_VAR": str(folder)}
        return replace(self, folder=folder, environment={**self.environment, **own})

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        if self.postgres:
            with psycopg.connect(self.environment["GATEHOUSE_DATABASE_URL"], autocommit=True) as server:
                return server.execute(statement).fetchall()
        with contextlib.closing(sqlite3.connect(Path(self.environment["GATEHOUSE_VAR"]) / "dev.sqlite3")) as file:
            return file.execute(statement).fetchall()

    def change(self, statement: str) -> None:
        with psycopg.connect(self.environment["GATEHOUSE_DATABASE_URL"], autocommit=True) as server:
            server.execute(statement)

    def manage(self, *words: str, cwd: Path = ROOT, **more: str) -> str:
        command = [sys.executable, "-W", "ignore", "manage.py", *words]
        given = {**os.environ, **self.environment, **more}
        done = subprocess.run(command, cwd=cwd, env=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        return done.stdout

    @contextlib.contextmanager
    def serving(
        self, name: str = "web", command: tuple[str, ...] = WEB, cwd: Path = ROOT, **more: str
    ) -> Iterator[Server]:
        """Web; `name` is that of the folder of its log."""
        own = self.folder / name
        own.mkdir(exist_ok=True)
        with running(own, command, cwd=cwd, **{**self.environment, **more}) as server:
            yield server

    @contextlib.contextmanager
    def working(self, command: tuple[str, ...] = WORK, cwd: Path = ROOT) -> Iterator[Worker]:
        worker = Worker(self, command)
        worker.start(cwd)
        try:
            yield worker
        finally:
            worker.stop(signal.SIGTERM)

    def cast(self, server: Server, url: str = "") -> Cast:
        """Those who call, with a session, a project to meter and a partner without limits."""
        if self.postgres:
            self.change("UPDATE partnership_partner SET requests_per_minute = 1000000")
        partner = server.demo["partners"]["white_label"]
        made = httpx.post(
            f"{server.url}/partnership/v1/{partner['id']}/sync-embedded-project",
            json={"project_name": "Metered", "region": "us-east", "wait_for_completion": True},
            headers={"X-Partnership-Secret": partner["secret"]},
            timeout=60,
        ).raise_for_status()
        project = made.json()["project"]["id"]
        return Cast(Wire(url or server.url, Book()), server.demo, sign_in(server.url, server.demo), project)

    def wait_until_settled(self) -> None:
        deadline = time.monotonic() + SETTLED_WITHIN_SECONDS
        while self.open_operations() and time.monotonic() < deadline:
            time.sleep(0.1)

    def open_operations(self) -> int:
        with contextlib.suppress(psycopg.OperationalError):
            return int(self.rows("SELECT count(*) FROM partnership_operation WHERE finished_at IS NULL")[0][0])
        return -1


@dataclass
class Worker:
    house: House
    command: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None

    def start(self, cwd: Path = ROOT, **more: str) -> None:
        given = {**os.environ, **self.house.environment, **more}
        with (self.house.folder / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=cwd, env=given, stdout=log, stderr=log)

    def stop(self, how: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(how)
        self.process.wait(timeout=30)


def environment(folder: Path, postgres: str = "", redis: str = "", **more: str) -> dict[str, str]:
    return {
        **SHARED_SECRETS,
        "GATEHOUSE_PROFILE": "embedded",
        "GATEHOUSE_VAR": str(folder),
        "GATEHOUSE_DATABASE_URL": postgres,
        "GATEHOUSE_REDIS_URL": redis,
        "GATEHOUSE_WEB_CONCURRENCY": "2" if redis else "1",
        "GATEHOUSE_RATE_LIMITS": UNLIMITED,
        "GATEHOUSE_OPERATION_LEASE_SECONDS": "3",
        "GATEHOUSE_LOG_LEVEL": "WARNING",
        **more,
    }
