"""The web process: threads that take the connection which is ready next from the kernel themselves.

Gunicorn's threaded worker has one thread that waits and hands every request to another and back, a quarter of
a hot call's CPU (docs/decisions/0188). Its parser, its answers and its parent of processes are ours too.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from types import FrameType

import structlog
from django.conf import settings
from gunicorn.http import Request
from gunicorn.http.errors import NoMoreData
from gunicorn.http.wsgi import create
from gunicorn.workers.base import Worker

from config.database_connection import a_live_database, cut, leave_out_what_nothing_needs
from config.http_connection import PIECE_BYTES, Connection, WholeAnswer, brief, status_of
from config.log import new_request_id
from config.poller import Poller
from partnership import request_log, waiting

log = structlog.get_logger("gatehouse.request")

LINGER_SECONDS = 2  # for the request, or the end, that is on its way over a connection while we stop or close it
MOST_SILENT = 500  # connections that have asked nothing, of the 1,000 that wait in a process
GONE = (ConnectionError, TimeoutError, BlockingIOError)  # the client; the last is SO_SNDTIMEO's: it did not read
AT_ONCE = 50  # connections that are ended where the system has none left


class WebWorker(Worker):  # type: ignore[misc]  # it has no type hints
    """A connection is in one of two places: `waiting`, watched by the kernel, or `busy`, in the hands of one thread.

    Who takes it out of `waiting` has it: a thread because it is ready, or the watchman because its time is up. Nobody
    holds a thread with half a request, with none, or by hardly reading its answer; nor does a silent database. A stop
    waits for nobody who has asked nothing, nor for a project. Why: docs/decisions/0073, 0152, 0188; docs/attacks.md,
    rows 120, 171 and 196 to 202.
    """

    def run(self) -> None:
        leave_out_what_nothing_needs()
        # As plain attributes: gunicorn looks each up by three calls, a dozen times a request.
        self.cfg.__dict__.update({name: getattr(self.cfg, name) for name in self.cfg.settings})
        self.poller = Poller()
        self.waiting: dict[int, Connection] = {}
        self.silent: dict[int, Connection] = {}  # those of `waiting` that have asked nothing yet, oldest first
        self.busy: set[Connection] = set()
        self.listeners = {each.fileno(): each for each in self.sockets}
        with request_log.writing():
            for listener in self.sockets:
                listener.setblocking(False)
            for _ in range(self.cfg.threads):
                threading.Thread(target=self.serve, daemon=True).start()
            while self.alive:
                self.listen()
                self.watch_over(seconds=1.0)
            self.finish()

    def finish(self) -> None:
        """Answers who has asked, those too whom nobody has let in yet, and who asks in a moment."""
        for number in self.listeners:
            self.poller.forget(number)
        listeners, self.listeners = self.listeners, {}
        linger, until = time.monotonic() + LINGER_SECONDS, time.monotonic() + self.cfg.graceful_timeout
        for connection in tuple(self.waiting.values()):
            connection.until = min(connection.until, linger)
        for listener in listeners.values():
            while self.accept(listener) and time.monotonic() < linger:
                pass
            listener.close()
        was_quiet = False
        while time.monotonic() < until:
            is_quiet = not (self.waiting or self.busy)
            if is_quiet and was_quiet:  # seen once, a thread may just have taken it from the one to the other
                break
            was_quiet = is_quiet
            self.watch_over(seconds=0.05)

    def init_signals(self) -> None:
        super().init_signals()
        leave_the_terminal_to_the_parent()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        waiting.stopping.set()
        super().handle_exit(sig, frame)

    def serve(self) -> None:
        """The life of a thread."""
        while True:
            for number in self.poller.wait():
                try:
                    if listener := self.listeners.get(number):
                        self.accept(listener)
                    elif connection := self.taken(number):
                        self.attend(connection)
                except BaseException:  # one connection less, and not one thread
                    self.log.exception("a connection broke off")

    def taken(self, number: int) -> Connection | None:
        """The waiting connection of that number, which then belongs to who asked; None if somebody was faster."""
        self.silent.pop(number, None)
        return self.waiting.pop(number, None)

    def listen(self) -> None:
        if self.alive:
            for number in self.listeners:
                self.poller.watch(number)

    def accept(self, listener: socket.socket) -> bool:
        """Whether there was one."""
        try:
            opened, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another process was faster, or it is gone again
            self.listen()
            return False
        except OSError as fault:  # no descriptor is left; again within a second
            if self.alive:
                self.log.error("no connection can be accepted: %s", fault.strerror)
                self.make_room(self.waiting, len(self.waiting) - AT_ONCE)
            return False
        opened.setblocking(True)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", settings.RECEIVE_SECONDS, 0))
        connection = Connection(self.cfg, opened, client, listener.getsockname())
        self.silent[opened.fileno()] = connection
        self.wait_for(connection, settings.RECEIVE_SECONDS)
        self.make_room(self.silent, MOST_SILENT)
        self.make_room(self.waiting, self.cfg.worker_connections)
        self.listen()
        return True

    def make_room(self, among: dict[int, Connection], most: int) -> None:
        """Ends those that have waited longest."""
        for number in tuple(among)[: max(0, len(among) - most)]:
            self.give_up(number)

    def wait_for(self, connection: Connection, seconds: float) -> None:
        connection.until = time.monotonic() + (seconds if self.alive else min(seconds, LINGER_SECONDS))
        number = connection.sock.fileno()
        self.waiting[number] = connection
        self.poller.watch(number)

    def give_up(self, number: int) -> None:
        if connection := self.taken(number):
            connection.sock.close()

    def attend(self, connection: Connection) -> None:
        """What a connection wants that is ready; afterwards it waits again, or is closed."""
        if connection.is_over:
            self.part(connection)
            return
        connection.taken = time.monotonic()
        self.busy.add(connection)
        try:
            may_ask_again = self.answered_all(connection)
        finally:
            self.busy.discard(connection)
        if may_ask_again:
            self.wait_for(connection, self.cfg.keepalive)
        else:
            self.say_goodbye(connection)

    def answered_all(self, connection: Connection) -> bool:
        """Whether the connection may ask again, after all that it has asked so far."""
        while True:
            connection.since, connection.database = time.monotonic(), a_live_database()
            if not self.answer(connection):
                return False
            if not connection.has_more:
                return True

    def answer(self, connection: Connection) -> bool:
        request = None
        try:
            request = next(connection.parser)
            may_ask_again = self.respond(request, connection)
        except (NoMoreData, StopIteration, *GONE):
            return False
        except Exception as fault:  # what can't be read as HTTP, and what the application let through
            self.refuse(connection, fault)
            return False
        try:
            return may_ask_again and connection.parser.finish_body()
        except Exception:  # the rest can't be read: a second answer would be taken for that of the next request
            return False

    def respond(self, request: Request, connection: Connection) -> bool:
        sock, client, server = connection.sock, connection.client, connection.server
        response, environ = create(request, sock, client, server, self.cfg, WholeAnswer, (connection,))
        environ["wsgi.multithread"] = True
        body = self.wsgi(environ, response.start_response)
        if not self.alive:
            response.force_close()
        try:
            for piece in body:
                response.write(piece)
            response.close()
        except Exception as fault:
            if isinstance(fault, GONE) or not response.headers_sent:
                raise
            self.log.exception("an answer broke off")
            return False
        finally:
            if close := getattr(body, "close", None):
                close()
        return not response.should_close()

    def refuse(self, connection: Connection, fault: Exception) -> None:
        """Says that a request can't be read, or that the application let `fault` through, and nothing of what was sent:
        a line without its colon may hold a secret.
        """
        status = status_of(fault)
        request_id = new_request_id()
        said = {"request_id": request_id, "status": status.value, "fault": type(fault).__name__}
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("unreadable", **said, exc_info=fault)
        else:
            log.warning("unreadable", **said, address=connection.address)
        with suppress(OSError):
            connection.sock.sendall(brief(status, request_id))

    def say_goodbye(self, connection: Connection) -> None:
        """Ends our side, and not the other: what is sent yet would cost it the answer (RFC 9112 section 9.6)."""
        connection.is_over = True
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            connection.sock.close()
        else:
            self.wait_for(connection, LINGER_SECONDS)

    def part(self, connection: Connection) -> None:
        """Reads what is sent to nobody while more of it comes, in the time of its request: to close upon it is a reset,
        which takes our answer from a client that has not read it.
        """
        now = time.monotonic()
        try:
            received = len(connection.sock.recv(PIECE_BYTES, socket.MSG_DONTWAIT))
        except BlockingIOError:  # nothing after all
            self.wait_for(connection, connection.until - now)
            return
        except OSError:
            received = 0
        connection.to_drain -= received
        if received and connection.to_drain > 0:
            last = connection.since + settings.RECEIVE_SECONDS if self.alive else connection.until
            self.wait_for(connection, min(LINGER_SECONDS, last - now))
        else:
            connection.sock.close()

    def watch_over(self, *, seconds: float) -> None:
        """Waits for `seconds` or a signal, then looks whose time is up."""
        self.notify()
        select.select([self.PIPE[0]], [], [], seconds)
        with suppress(BlockingIOError):
            os.read(self.PIPE[0], 4096)
        if os.getppid() != self.ppid:
            self.alive = False
        now = time.monotonic()
        for number, connection in tuple(self.waiting.items()):
            if connection.until < now and (connection.is_over or not connection.has_asked):
                self.give_up(number)
        for connection in tuple(self.busy):
            self.hurry(connection, now)

    def hurry(self, connection: Connection, now: float) -> None:
        """Ends what a thread has waited for too long: the rest of a request, which it then takes for broken off, who
        takes its answer, or the database.

        Requests one behind the other have the time of one, or each would begin it anew with its first byte. A database
        that is connected and silent: the driver waits for ever, but not for a socket that is shut. The thread meets
        an OperationalError, which is a 503 (docs/decisions/0152).
        """
        if now - connection.taken > settings.RECEIVE_SECONDS:
            with suppress(OSError):  # closed in the meantime
                connection.sock.shutdown(socket.SHUT_RD)
        if connection.sending and now - connection.sending > settings.RECEIVE_SECONDS:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        if now - connection.since > settings.DATABASE_SECONDS and connection.database:
            database, connection.database = connection.database, None
            cut(database)


def leave_the_terminal_to_the_parent() -> None:
    """Ctrl+C and a hang-up reach the whole group: only the parent of all acts on them, once, in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
