"""Web and worker as one foreground command: two children of one parent, all forked from it.

The parent opens the port, starts the children, and passes a request to stop on to them.
Forking after Django is loaded spares each child the second and more that loading takes.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import islice
from types import FrameType

import psycopg
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn, ThreadWorker

from config.settings import url_host
from partnership import request_log, waiting

FINISH_SECONDS = 10  # for the requests that are under way
LINGER_SECONDS = 1  # for those that are on their way over a connection which has asked nothing yet
MOST_SILENT = 500  # connections that have asked nothing, of the 1,000 that a process takes
STOP_WITHIN_SECONDS = 15  # well below the 30 s after which platforms kill
PR_SET_PDEATHSIG = 1


# Python drops an exception that a signal raises inside a finalizer: the request to stop stays here.
stop_asked = threading.Event()


class Stopped(Exception):
    """Somebody asked this process to stop."""


def open_port(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet. Raises OSError when it can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
    except OSError:
        opened.close()
        raise
    return opened


class QuietLogger(Logger):  # type: ignore[misc]  # it has no type hints
    """Gunicorn's words go the way of all our logs: one format, secrets removed."""

    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class WebWorker(ThreadWorker):  # type: ignore[misc]  # it has no type hints
    """Gunicorn's, but a stop waits for nobody who has asked nothing, nor for a project, and
    nobody holds a thread with half a request, nor with none; nor does a silent database.

    Why: docs/decisions/0073 and 0152; docs/attacks.md, rows 120 and 171.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.receiving: dict[TConn, float] = {}  # until when each may send its request
        self.asking: dict[TConn, tuple[float, BaseDatabaseWrapper]] = {}  # until when each may wait for the database

    def enqueue_req(self, connection: TConn) -> None:
        """A new connection waits in the poller, as kept-alive ones do: gunicorn gives it a thread for 5 s."""
        if connection.initialized or connection.data_ready:
            super().enqueue_req(connection)
            return
        connection.timeout = time.monotonic() + settings.RECEIVE_SECONDS
        self.pending_conns.append(connection)
        on_readable = partial(self.on_pending_socket_readable, connection)
        self.poller.register(connection.sock, selectors.EVENT_READ, on_readable)

    def run(self) -> None:
        with request_log.writing():
            super().run()

    def handle(self, connection: TConn) -> object:
        now = time.monotonic()
        self.receiving[connection] = now + settings.RECEIVE_SECONDS
        self.asking[connection] = now + settings.DATABASE_SECONDS, connections[DEFAULT_DB_ALIAS]
        try:
            return super().handle(connection)
        finally:
            self.receiving.pop(connection, None)
            self.asking.pop(connection, None)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        waiting.stopping.set()
        super().handle_exit(sig, frame)

    def murder_pending(self) -> None:
        """Runs after each round of the poller: while it goes through one, none may be closed."""
        for connection in islice(self.pending_conns, max(0, len(self.pending_conns) - MOST_SILENT)):
            connection.timeout = 0.0
        if not self.alive:
            linger = time.monotonic() + LINGER_SECONDS
            for connection in self.pending_conns:
                connection.timeout = min(connection.timeout, linger)
        super().murder_pending()
        self.stop_listening_to_the_slow()
        self.stop_waiting_for_the_database()

    def stop_listening_to_the_slow(self) -> None:
        """Runs once a second. A thread that still reads gets the end; one that answers goes on."""
        for connection, until in tuple(self.receiving.items()):
            if until < time.monotonic():
                self.receiving.pop(connection, None)
                with suppress(OSError):  # closed in the meantime
                    connection.sock.shutdown(socket.SHUT_RD)

    def stop_waiting_for_the_database(self) -> None:
        """A database that is connected and silent: the driver waits for ever, but not for a socket that is shut.

        Once for each request; the thread meets an OperationalError, which is a 503 (docs/decisions/0152).
        """
        for connection, (until, database) in tuple(self.asking.items()):
            if until < time.monotonic():
                self.asking.pop(connection, None)
                cut(database)


def cut(database: BaseDatabaseWrapper) -> None:
    """Shuts the socket of a connection that another thread waits for; on SQLite there is none."""
    if database.vendor != "postgresql" or database.connection is None:
        return
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(database.connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)  # suppressed: it was closed in the meantime


class Web(BaseApplication):  # type: ignore[misc]  # it has no type hints
    """Gunicorn with our settings, on a socket that is already bound."""

    def __init__(self, opened: socket.socket) -> None:
        self.opened = opened
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": f"fd://{self.opened.fileno()}",
            "workers": settings.WEB_CONCURRENCY,
            "threads": settings.WEB_THREADS,
            "worker_class": WebWorker,
            "preload_app": True,
            "limit_request_line": 8190,  # a `state` of 2,048 bytes, percent-encoded, fits
            "graceful_timeout": FINISH_SECONDS,
            "keepalive": 15,
            "logger_class": QuietLogger,
            "loglevel": "warning",
            "control_socket_disable": True,
            "forwarded_allow_ips": "",  # accounts/client_address.py alone decides whom to believe
        }.items():
            self.cfg.set(name, value)

    def load(self) -> object:
        application = get_wsgi_application()
        connections.close_all()  # a connection must not cross the fork
        return application


class Children:
    """The processes that a parent has started, by name."""

    def __init__(self) -> None:
        self.pids: dict[int, str] = {}

    def start(self, name: str, body: Callable[[], None]) -> None:
        connections.close_all()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self.pids[pid] = name
            return
        end_with(parent)
        os._exit(run_child(body))

    def wait(self) -> str:
        """The name of the first child that ends; Stopped when somebody asks for that."""
        if not stop_asked.is_set():
            pid, _ = os.wait()
            name = self.pids.pop(pid, "unknown")
        if stop_asked.is_set():
            raise Stopped
        return name

    def stop(self) -> None:
        """Asks all to stop, waits, and kills what is left: nobody outlives the parent."""
        self.signal_all(signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        while self.pids and time.monotonic() < deadline:
            self.reap()
            time.sleep(0.02)
        self.signal_all(signal.SIGKILL)

    def reap(self) -> None:
        for pid in list(self.pids):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del self.pids[pid]

    def signal_all(self, number: signal.Signals) -> None:
        for pid in self.pids:
            os.kill(pid, number)


def run_child(body: Callable[[], None]) -> int:
    # Ctrl+C reaches the whole terminal group; only the parent acts on it, once, in order.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        body()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def end_with(parent: int) -> None:
    """Linux: the kernel stops this process when its parent is killed. Elsewhere kill -9 can orphan."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def stop_on_signals() -> None:
    """From here on SIGTERM and Ctrl+C raise Stopped; a second one changes nothing."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        stop_asked.set()
        raise Stopped

    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, stop)


def wait_until_ready(host: str, port: int, *, seconds: float) -> bool:
    """Whether /readyz of this machine answered 200 within `seconds`."""
    request = urllib.request.Request(
        f"http://{url_host(host)}:{port}/readyz", headers={"Host": settings.ALLOWED_HOSTS[0]}
    )
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=2):  # noqa: S310  our own address
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return False
