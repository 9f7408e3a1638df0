"""What `manage.py work` does when nobody asks: a table of chores, each due every so often.

Each may run in any number of workers at once, and be cut off anywhere.
"""

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from types import FrameType

import structlog
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import close_old_connections, connection, connections

from accounts import clock, outgoing_mail
from accounts.sweeps import BATCH, delete_batch
from config.bells import Bells, listen
from config.heartbeat import beat
from oauth_provider import back_channel, client_sessions, expiry, keys, letters, registration_queue
from partnership import call_counts, deliveries, idempotency, operations, recovery, request_log
from usage import compute, counters, self_check, sizes, statements
from usage.chosen_store import store
from usage.errors import EventsUnavailable

log = structlog.get_logger("gatehouse.work")


@dataclass(frozen=True, slots=True)
class Chore:
    name: str
    every_seconds: int
    run: Callable[[datetime], Mapping[str, int]]


def sweep_sessions(now: datetime) -> dict[str, int]:
    """Sessions that ran out, and what `/account/security` shows of sessions that there are no more."""
    long_ago = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    shown = UserSession.objects.filter(last_seen_at__lt=long_ago).exclude(
        session_key__in=Session.objects.values("session_key")
    )
    return {
        "sessions": delete_batch(Session.objects.filter(expire_date__lt=now), client_sessions.forget),
        "shown_sessions": delete_batch(shown),
    }


def copy_events(now: datetime) -> dict[str, int]:
    try:
        return {"events_copied": store.copy_due(now)}
    except EventsUnavailable as fault:  # all the same until it is back: no stack for each try
        log.warning("events not copied", detail=fault.detail)
        return {}


def forget_events(now: datetime) -> dict[str, int]:
    before = (now - timedelta(days=settings.USAGE_RETENTION_DAYS)).date()
    return {"event_partitions": store.forget(before)}


def beat_heart(now: datetime) -> dict[str, int]:
    beat(now)
    return {}


def counted(what: str, run: Callable[[datetime], int]) -> Callable[[datetime], Mapping[str, int]]:
    """A chore out of `run`, whose number counts `what`."""
    return lambda now: {what: run(now)}


CHORES = (
    Chore("beat_heart", 1, beat_heart),
    Chore("rotate_keys", 60, counted("keys", lambda now: len(keys.rotate(now)))),
    Chore("sweep_tokens", 60, expiry.sweep),
    Chore("tell_of_reuse", 10, letters.tell_of_reuse),
    Chore("tell_of_registrations", 300, registration_queue.tell_staff),
    Chore("end_unused_registrations", 3600, registration_queue.end_unused),
    Chore("sweep_sessions", 600, sweep_sessions),
    Chore("sweep_idempotency_keys", 600, counted("idempotency_keys", idempotency.forget_expired)),
    Chore("purge_projects", 60, counted("purges", recovery.purge_due)),
    Chore("sweep_request_log", 60, counted("logged_calls", request_log.sweep)),
    Chore("sweep_call_counts", 3600, counted("call_counts", call_counts.sweep)),
)


@dataclass(frozen=True, slots=True)
class Lane:
    """Chores that one thread does.

    It goes round every `poll_seconds`; where it is woken (PostgreSQL) every `slow_poll_seconds`,
    for what becomes due by itself and for a call that was lost.
    """

    name: str
    poll_seconds: float
    slow_poll_seconds: float
    chores: tuple[Chore, ...]


# Apart from each other: a slow endpoint must delay no project, and neither the keys. A partner
# waits a second for a quick operation, so the look for one comes often.
OPERATIONS = Lane("operations", 0.1, 1.0, (Chore("run_operations", 0, counted("operations", operations.run_due)),))
DELIVERIES = Lane("deliveries", 0.5, 2.0, (Chore("deliver_events", 0, counted("deliveries", deliveries.deliver_due)),))
# Somebody waits for the code in it.
LETTERS = Lane("letters", 0.25, 2.0, (Chore("send_mail", 0, counted("mails", outgoing_mail.deliver_due)),))
LOGOUTS = Lane(
    "logouts",
    1.0,
    1.0,
    (
        Chore("notice_ended_sessions", 5, counted("client_sessions", client_sessions.notice_ended)),
        Chore("tell_of_logouts", 0, counted("logout_tokens", back_channel.tell_due)),
    ),
)
USAGE = Lane(
    "usage",
    10.0,
    10.0,
    (
        Chore("keep_usage", 60, counted("usage", store.keep_house)),
        Chore("count_compute", 30, counted("projects_counted", lambda _now: compute.collect(store.clock()))),
        Chore("close_months", 3600, counted("statements", statements.close_due)),
        Chore("forget_events", 3600, forget_events),
        Chore("check_usage", 60, counted("usage_checks", self_check.run_due)),
    ),
)
# Each by itself: they ask others, and a slow one holds nothing else up.
EVENT_COPIES = Lane("event_copies", 1.0, 1.0, (Chore("copy_events", 2, copy_events),))
COUNTERS = Lane(
    "counters",
    5.0,
    5.0,
    (Chore("collect_counters", 0, counted("backends_asked", lambda _now: counters.collect(store.clock()))),),
)
SIZES = Lane(
    "sizes",
    5.0,
    5.0,
    (Chore("collect_sizes", 0, counted("projects_measured", lambda _now: sizes.collect(store.clock()))),),
)
LANES = (
    Lane("chores", 1.0, 1.0, CHORES),
    USAGE,
    SIZES,
    COUNTERS,
    EVENT_COPIES,
    OPERATIONS,
    OPERATIONS,
    DELIVERIES,
    DELIVERIES,
    LETTERS,
    LOGOUTS,
)


class Round:
    """One worker's memory of when each chore is due; the first round does them all."""

    def __init__(self, chores: tuple[Chore, ...] = CHORES) -> None:
        self.chores = chores
        self.due_at = dict.fromkeys((chore.name for chore in chores), 0.0)

    def go(self, now: datetime) -> bool:
        """Runs what is due; whether anything was done. A chore that fails is logged and due again,
        and the others still run.
        """
        close_old_connections()
        has_done = False
        for chore in self.chores:
            if time.monotonic() >= self.due_at[chore.name]:
                done = do(chore, now)
                has_done = has_done or done > 0
                # A full batch means more is waiting: come back at the next round.
                wait_seconds = 0 if done >= BATCH else chore.every_seconds
                self.due_at[chore.name] = time.monotonic() + wait_seconds
        return has_done


def do(chore: Chore, now: datetime) -> int:
    """The size of the largest part of what was done; 0 when it failed."""
    done: Mapping[str, int] = {}
    begun, has_failed = time.monotonic(), False
    try:
        done = chore.run(now)
    except Exception:
        has_failed = True
        log.exception("chore failed", chore=chore.name)
    if any(done.values()):
        log.info("chore done", chore=chore.name, **done)
    if settings.TRACES_URL and (has_failed or any(done.values())):
        # By its name: its packages are an extra.
        tracing = import_module("config.tracing")
        tracing.record_chore(chore.name, time.monotonic() - begun, done, has_failed=has_failed)
    return max(done.values(), default=0)


def work(*, once: bool = False) -> None:
    """Goes round until SIGTERM or SIGINT, a thread for each lane; a chore under way is finished first."""
    if once:
        for lane in LANES:
            Round(lane.chores).go(clock.now())
        return
    asked_to_stop, ring = os.pipe()

    def stop(number: int, frame: FrameType | None) -> None:
        os.write(ring, b".")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    bells = Bells()
    threads = [threading.Thread(target=go_round, args=[lane, bells]) for lane in LANES]
    if connection.vendor == "postgresql":
        # Nobody waits for its end: it may be in the midst of connecting.
        threading.Thread(target=listen, args=[bells, asked_to_stop], daemon=True).start()
    for thread in threads:
        thread.start()
    select.select([asked_to_stop], [], [])
    bells.stop()
    for thread in threads:
        thread.join()


def go_round(lane: Lane, bells: Bells) -> None:
    """Looks for work, again at once after finding some, and sleeps until its bell or its poll."""
    round_, bell = Round(lane.chores), bells.hang(lane.name)
    while not bells.stopping.is_set():
        bell.clear()
        if not round_.go(clock.now()) and not bells.stopping.is_set():
            bell.wait(lane.slow_poll_seconds if bells.are_heard else lane.poll_seconds)
    connections.close_all()
