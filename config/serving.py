"""Web and worker as one foreground command: two children of one parent, all forked from it.

The parent opens the port, starts the children, and passes a request to stop on to them.
Forking after Django is loaded spares each child the second and more that loading takes.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import FrameType

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import get_resolver
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from config.settings import url_host
from config.web_worker import WebWorker, leave_the_terminal_to_the_parent

FINISH_SECONDS = 10  # for the requests that are under way
KEEP_ALIVE_SECONDS = 75  # longer than proxies keep a silent connection: we end none on which they just send
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


class WebParent(Arbiter):  # type: ignore[misc]  # it has no type hints
    """Gunicorn's parent of processes, which would end at once at Ctrl+C, and load itself anew at a hang-up."""

    def init_signals(self) -> None:
        super().init_signals()
        leave_the_terminal_to_the_parent()


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
            "keepalive": KEEP_ALIVE_SECONDS,
            "sendfile": False,  # would wait for ever for who does not read
            "logger_class": QuietLogger,
            "loglevel": "warning",
            "control_socket_disable": True,
            "forwarded_allow_ips": "",  # accounts/client_address.py alone decides whom to believe
        }.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        WebParent(self).run()

    def load(self) -> object:
        application = get_wsgi_application()
        get_resolver().url_patterns  # noqa: B018  the views too, once and before the fork
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
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    leave_the_terminal_to_the_parent()
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
