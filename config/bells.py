"""What the worker's lanes sleep by: each thread has a bell, and NOTIFY rings those of its lane.

Why, and what happens to a call that is lost: docs/decisions/0071.
"""

from __future__ import annotations

import select
import threading
from collections import defaultdict

import psycopg
import structlog
from django.db import connection

from accounts.wake import CHANNEL

log = structlog.get_logger("gatehouse.work")

CONNECT_SECONDS = 5
AGAIN_SECONDS = 2  # after the connection was lost or refused
ASK_SECONDS = 30  # a connection that died without a word is found out by then


class Bells:
    def __init__(self) -> None:
        self.of_lane: defaultdict[str, list[threading.Event]] = defaultdict(list)
        self.stopping = threading.Event()
        # Whether NOTIFY reaches us: else every lane has to look often.
        self.are_heard = False

    def hang(self, lane: str) -> threading.Event:
        """A new bell of that lane. Its thread clears it before it looks for work, never after."""
        bell = threading.Event()
        self.of_lane[lane].append(bell)
        return bell

    def ring(self, lane: str) -> None:
        for bell in self.of_lane.get(lane, []):
            bell.set()

    def ring_all(self) -> None:
        for lane in list(self.of_lane):
            self.ring(lane)

    def stop(self) -> None:
        self.stopping.set()
        self.ring_all()


def listen(bells: Bells, stop_fd: int) -> None:
    """Rings what NOTIFY names until there is something to read at `stop_fd`; connects again when cut off."""
    while not bells.stopping.is_set():
        try:
            pass_on(bells, stop_fd)
        except psycopg.Error as fault:
            log.warning("not listening", detail=type(fault).__name__)
        finally:
            bells.are_heard = False
        select.select([stop_fd], [], [], AGAIN_SECONDS)


def pass_on(bells: Bells, stop_fd: int) -> None:
    """Raises psycopg.Error when the connection can't be had or is lost."""
    with open_line() as line:
        line.execute(f"LISTEN {CHANNEL}")
        bells.are_heard = True
        bells.ring_all()  # for what was said before we listened
        while True:
            readable, _, _ = select.select([line.fileno(), stop_fd], [], [], ASK_SECONDS)
            if stop_fd in readable:
                return
            for notice in line.notifies(timeout=0):
                bells.ring(notice.payload)
            if not readable:
                line.execute("SELECT 1")


def open_line() -> psycopg.Connection:
    """A connection of its own, outside of every transaction: what is sent is heard at once."""
    return psycopg.connect(
        **{
            **connection.get_connection_params(),
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": CONNECT_SECONDS * 1000,
        },
        autocommit=True,
    )
