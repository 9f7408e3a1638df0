"""A real server for the lanes: `manage.py serve` as its users start it, on a free port."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_SECONDS = 180  # it is 5 s of work; CI machines are shared
# For servers that one after another use CI's database: what one encrypts the next has to read.
SHARED_SECRETS = {
    "GATEHOUSE_ENCRYPTION_KEYS": "Q0lfQ0lfQ0lfQ0lfQ0lfQ0lfQ0lfQ0lfQ0lfQ0lfQ0k=",
    "GATEHOUSE_SECRET_KEY": "ci" * 25,
}


@dataclass(frozen=True)
class Server:
    url: str
    process: subprocess.Popen[bytes]
    log: Path
    demo: dict[str, Any]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextlib.contextmanager
def running(
    folder: Path,
    command: tuple[str, ...] = (sys.executable, "manage.py", "serve"),
    *,
    cwd: Path = ROOT,
    **environment: str,
) -> Iterator[Server]:
    """Starts `command`, waits for /readyz, and stops it with SIGTERM, which has to leave nothing behind."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    var = environment.get("GATEHOUSE_VAR", str(cwd / "var"))
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={
                **os.environ,
                "GATEHOUSE_PROFILE": "embedded",
                "PORT": str(port),
                "GATEHOUSE_BASE_URL": url,
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_ready(url, process, log)
            yield Server(url, process, log, demo_in(Path(var)))
        finally:
            stop(process)
    assert left_running(process.pid) == [], "the server left processes behind"


def demo_in(var: Path) -> dict[str, Any]:
    """What the server says of its demo; nothing in production."""
    path = var / "demo.json"
    return json.loads(path.read_text()) if path.exists() else {}


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"{url} did not become ready:\n{log.read_text()[-3000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=30)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def left_running(session: int) -> list[int]:
    """Processes of the session that `session` led; Linux only, as CI is."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return found
