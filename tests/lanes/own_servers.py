"""A PostgreSQL and a Redis of the test's own, in a temporary folder.

A backend that is killed restarts the whole server, for everybody on it: so nobody else is.
A missing binary is a failure, never a skip.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.lanes.server import free_port

DEBIANS = "/usr/lib/postgresql"  # not on the path there
READY_WITHIN_SECONDS = 60
# It shares the machine with others. Commits are flushed, as it comes; what recovery flushes first it
# flushes by one call and not file by file, which took 6 s where 0.2 s were the recovery itself.
SETTINGS = {
    "shared_buffers": "32MB",
    "max_connections": "100",  # docs/operating.md: twice the threads of two servers, as in a deploy, and a worker
    "recovery_init_sync_method": "syncfs",
}


@dataclass
class Postgres:
    url: str
    log: Path
    command: list[str | Path]
    as_owner: dict[str, Any]
    server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.server = subprocess.Popen(
                self.command, stdout=output, stderr=output, cwd=self.log.parent, **self.as_owner
            )
        self.connect().close()

    def stop(self, how: signal.Signals) -> None:
        """SIGQUIT: at once, as a crash; SIGINT: it ends sessions, and writes down what there is."""
        assert self.server
        self.server.send_signal(how)
        self.server.wait(timeout=30)

    def connect(self) -> psycopg.Connection:
        """Waits while the server recovers from a crash."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            try:
                return psycopg.connect(self.url, autocommit=True)
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def logged(self, words: str) -> int:
        """In how many lines of the server's log they stand."""
        return sum(words in line for line in self.log.read_text(errors="replace").splitlines())


@contextlib.contextmanager
def own_postgres(address: str = "127.0.0.1", network: str = "") -> Iterator[Postgres]:
    """It listens on `address`, and trusts all of `network`."""
    binaries, port = find_binaries(), free_port()
    with tempfile.TemporaryDirectory(prefix="gatehouse-postgres-") as name:
        folder, log = Path(name), Path(name) / "log"
        as_owner = owner(folder)
        data = folder / "data"
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **as_owner,
        )
        if network:
            with (data / "pg_hba.conf").open("a") as trusted:
                trusted.write(f"host all all {network} trust\n")
        given = {**SETTINGS, "port": str(port), "unix_socket_directories": name, "listen_addresses": address}
        options = [word for item in given.items() for word in ("-c", "=".join(item))]
        command = [binaries / "postgres", "-D", data, *options]
        found = Postgres(f"postgresql://postgres@{address}:{port}/postgres", log, command, as_owner)
        try:
            found.start()
            yield found
        finally:
            found.stop(signal.SIGQUIT)  # nobody reads it again


def find_binaries() -> Path:
    """The folder of the newest PostgreSQL of this machine."""
    on_path = shutil.which("initdb")
    found = sorted(Path(DEBIANS).glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    assert on_path or found, f"PostgreSQL's server is needed: initdb is neither on the path nor under {DEBIANS}"
    return Path(on_path).parent if on_path else found[-1].parent


def owner(folder: Path) -> dict[str, Any]:
    """Who runs the server, as subprocess takes it; `folder` becomes theirs. PostgreSQL refuses root."""
    if os.getuid():
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@dataclass
class Redis:
    """It keeps nothing."""

    url: str
    command: list[str]
    server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.server = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        wait_for_redis(self.url)

    def kill(self) -> None:
        assert self.server
        self.server.kill()
        self.server.wait()


@contextlib.contextmanager
def own_redis(address: str = "127.0.0.1") -> Iterator[str]:
    """The address of one."""
    with own_redis_server(address) as server:
        yield server.url


@contextlib.contextmanager
def own_redis_server(address: str = "127.0.0.1") -> Iterator[Redis]:
    binary, port = shutil.which("redis-server"), free_port()
    assert binary, "redis-server is needed"
    with tempfile.TemporaryDirectory(prefix="gatehouse-redis-") as folder:
        options = {"port": str(port), "bind": address, "save": "", "dir": folder, "protected-mode": "no"}
        command = [binary, *(word for name, value in options.items() for word in (f"--{name}", value))]
        found = Redis(f"redis://{address}:{port}/0", command)
        try:
            found.start()
            yield found
        finally:
            found.kill()


def wait_for_redis(url: str) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                assert time.monotonic() < deadline, "redis-server did not answer"
                time.sleep(0.01)
            else:
                return
