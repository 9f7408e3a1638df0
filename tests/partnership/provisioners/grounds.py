"""Where a driver works, and how a test looks at what it did there, from outside."""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from partnership.provisioners.base import Busy, Done, Driver, Pending, Spec, State, Step
from partnership.provisioners.embedded import EmbeddedDriver
from partnership.provisioners.osb import OsbDriver
from partnership.provisioners.postgres import PostgresDriver, lock_number
from tests.partnership.provisioners.broker import Served

# Ours among the projects of a server that others use too; the end differs by process.
PROJECT_ID = f"7e570000-0000-4000-8000-{os.getpid():012x}"
SPEC = Spec(
    project_id=PROJECT_ID,
    appkey="abcdefghij",
    region="us-east",
    instance_type="nano",
    connection_limit=3,
    volume_size_gib=8,
    service_version="v2.2.1",
    environment="live",
    api_key="ik_" + "k" * 43,
    originator={"kind": "partner", "id": "ps_globex000001", "operation_id": "op-1", "request_id": "request-1"},
)
VERBS = ("create", "pause", "restore", "resize", "restart", "delete")


class Cut(Exception):
    """The worker goes no further."""


class Ground:
    """One project with one driver. Subclasses look at what is there without the driver."""

    driver: Driver
    spec = SPEC
    measures_nothing = False

    def __init__(self) -> None:
        self.credentials: dict[str, Any] = {}

    def call(self, verb: str, step: Step = lambda _name: None, spec: Spec | None = None) -> Done:
        """The verb as the worker calls it, to its end; a project that is still held is waited for."""
        state: State = {}
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                outcome = getattr(self.driver, verb)(spec or self.spec, step, state)
            except Busy:
                time.sleep(0.02)
                continue
            if isinstance(outcome, Done):
                self.credentials = dict(outcome.credentials) or self.credentials
                return outcome
            assert isinstance(outcome, Pending)
            state = outcome.state
        raise TimeoutError(verb)

    def prepare(self, verb: str) -> None:
        """Brings the project to where `verb` may be asked for."""
        if verb != "create":
            self.call("create")
            self.put("kept")
        if verb == "restore":
            self.call("pause")

    def wanted(self, verb: str) -> Spec:
        return replace(self.spec, instance_type="micro", connection_limit=5) if verb == "resize" else self.spec

    def check(self, verb: str) -> None:
        """What must hold after `verb`, however often and with whatever accidents it ran."""
        assert self.is_there() == (verb != "delete")
        if verb == "delete":
            return
        assert self.lets_in() == (verb != "pause")
        if verb == "resize":
            assert self.size() == ("micro", 5)
        if verb != "create":
            assert self.has("kept")

    def is_there(self) -> bool:
        raise NotImplementedError

    def lets_in(self) -> bool:
        raise NotImplementedError

    def size(self) -> tuple[str, int]:
        raise NotImplementedError

    def put(self, text: str) -> None:
        raise NotImplementedError

    def has(self, text: str) -> bool:
        raise NotImplementedError

    def close(self) -> None:
        self.call("delete")


class EmbeddedGround(Ground):
    def __init__(self, root: Path) -> None:
        super().__init__()
        self.driver = EmbeddedDriver({"root": str(root)})
        self.root = root
        self.folder = root / PROJECT_ID

    def settings(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "settings.json").read_text()))

    def is_there(self) -> bool:
        return self.folder.exists() or (self.root / ".locks" / PROJECT_ID).exists()

    def lets_in(self) -> bool:
        mode = (self.folder / "project.sqlite3").stat().st_mode & 0o777
        assert (mode == 0o600) == (self.settings()["condition"] == "active")
        return mode == 0o600

    def size(self) -> tuple[str, int]:
        return self.settings()["instance_type"], self.settings()["connection_limit"]

    def put(self, text: str) -> None:
        with closing(sqlite3.connect(self.folder / "project.sqlite3")) as database, database:
            database.execute("CREATE TABLE note AS SELECT ? AS text", [text])
        (self.folder / "files" / "note.txt").write_text(text)

    def has(self, text: str) -> bool:
        path = self.folder / "project.sqlite3"
        mode = path.stat().st_mode
        path.chmod(0o600)
        with closing(sqlite3.connect(path)) as database:
            found = database.execute("SELECT text FROM note").fetchall()
        path.chmod(mode)
        return found == [(text,)] and (self.folder / "files" / "note.txt").read_text() == text


class PostgresGround(Ground):
    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.dsn = dsn
        self.driver = PostgresDriver({"dsn": dsn})
        self.name = f"p_{PROJECT_ID.replace('-', '')}"

    def ask(self, statement: str, *values: object, database: str = "") -> list[tuple[Any, ...]]:
        """As the server's own administrator."""
        dsn = make_conninfo(self.dsn, **({"dbname": database} if database else {}))
        with psycopg.connect(dsn, autocommit=True) as admin:
            answered = admin.execute(statement.encode(), values or None)
            return answered.fetchall() if answered.description else []

    def enter(self, database: str = "") -> psycopg.Connection[tuple[Any, ...]]:
        given = self.credentials
        return psycopg.connect(
            host=given["host"],
            port=given["port"],
            dbname=database or given["database"],
            user=given["user"],
            password=given["password"],
            autocommit=True,
            connect_timeout=5,
        )

    def is_there(self) -> bool:
        found = (
            "SELECT datname FROM pg_database WHERE datname = %s UNION SELECT rolname FROM pg_roles WHERE rolname = %s"
        )
        return bool(self.ask(found, self.name, self.name))

    def lets_in(self) -> bool:
        try:
            self.enter().close()
        except psycopg.OperationalError:
            return False
        return True

    def size(self) -> tuple[str, int]:
        (row,) = self.ask("SELECT rolconnlimit FROM pg_roles WHERE rolname = %s", self.name)
        return "micro", row[0]

    def put(self, text: str) -> None:
        with self.enter() as inside:
            inside.execute("CREATE TABLE note (text text)")
            inside.execute("INSERT INTO note VALUES (%s)", [text])

    def has(self, text: str) -> bool:
        return self.ask("SELECT text FROM note", database=self.name) == [(text,)]

    def kill_workers(self) -> None:
        """Ends the sessions that hold locks of projects: the server throws the worker out."""
        self.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() AND objsubid = 1 "
            "AND ((classid::bigint << 32) | objid::bigint) = %s",
            lock_number(SPEC),
        )


class OsbGround(Ground):
    measures_nothing = True

    def __init__(self, served: Served) -> None:
        super().__init__()
        self.served = served
        self.broker = served.broker
        self.driver = OsbDriver(served.settings())

    def here(self) -> dict[str, Any]:
        return self.broker.instances[PROJECT_ID]

    def is_there(self) -> bool:
        return bool(self.broker.instances or self.broker.bindings)

    def lets_in(self) -> bool:
        return not self.here()["paused"] and PROJECT_ID in self.broker.bindings

    def size(self) -> tuple[str, int]:
        return self.here()["plan"].removeprefix("plan-"), 5

    def put(self, text: str) -> None:
        self.here()["data"].append(text)

    def has(self, text: str) -> bool:
        return self.here()["data"] == [text]


def cutting(number: int, act: Callable[[], None]) -> tuple[Step, list[str]]:
    """A step hook that acts at step `number` (from 0); and the names of the steps that it saw."""
    seen: list[str] = []

    def step(name: str) -> None:
        seen.append(name)
        if len(seen) == number + 1:
            act()

    return step, seen


def stop_here() -> None:
    raise Cut


def die_here() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def in_a_process(body: Callable[[], object]) -> bool:
    """Runs `body` in a child process. Whether it came to its end."""
    pid = os.fork()
    if pid == 0:
        try:
            body()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0
