"""The load generator: client processes that send a work's requests over kept connections and time each answer."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import socket
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from typing import Any

from bench.token.works import Share, Site, Work

CLIENTS = 4
# One process of a server may happen to take most of a few connections; of some it takes about half.
CONNECTIONS = 8  # of each client, used in turn
ANSWERS_WITHIN_SECONDS = 30
FORK = multiprocessing.get_context("fork")


class WrongAnswer(Exception):
    """A server answered what the work does not expect: nothing measured would mean anything."""


@dataclass(frozen=True, slots=True)
class Load:
    """`seconds` after `warm_up_seconds` that nobody counts; `rate` requests a second of all clients
    together, each sent at its time, or None for as fast as the answers come.
    """

    seconds: float
    warm_up_seconds: float
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    rate: float  # requests a second
    count: int
    times: list[float]  # seconds to answer, ascending; from the planned moment if there was one


def measure(
    address: tuple[str, int], site: Site, work: Work, shares: list[Share], load: Load, meter: Callable[[], Any]
) -> tuple[Measured, Any, Any]:
    """What the clients measured, and what `meter` read before and after it. Raises WrongAnswer."""
    barrier, results = FORK.Barrier(len(shares) + 1), FORK.SimpleQueue()
    clients = [
        FORK.Process(target=client, args=[address, site, work, share, load, number, barrier, results], daemon=True)
        for number, share in enumerate(shares)
    ]
    for process in clients:
        process.start()
    before = None
    with contextlib.suppress(threading.BrokenBarrierError):  # a client says below why
        barrier.wait()
        before = meter()
        barrier.wait()
    found = [results.get() for _ in clients]
    after = meter()
    for process in clients:
        process.join()
    if wrong := sorted((each for each in found if isinstance(each, str)), key=lambda words: "Barrier" in words):
        raise WrongAnswer(f"{work.title}: {wrong[0]}")
    times = sorted(itertools.chain(*(times for times, _ in found)))
    return Measured(sum(len(times) / seconds for times, seconds in found), len(times), times), before, after


def client(
    address: tuple[str, int],
    site: Site,
    work: Work,
    share: Share,
    load: Load,
    number: int,
    barrier: Barrier,
    results: Any,
) -> None:
    """Warms up, waits for the others, measures; puts (times, seconds), or the words of what went wrong."""
    try:
        os.sched_setaffinity(0, client_cores())
        wire, requests = Wire(address, work.expected), work.requests(site, share)
        body = send_for(wire, requests, None, load.warm_up_seconds, array("d"))
        barrier.wait()
        barrier.wait()
        times, begun = array("d"), time.perf_counter()
        if load.rate is None:
            send_for(wire, requests, body, load.seconds, times)
        else:
            send_paced(wire, requests, body, load, number, times)
        results.put((times, time.perf_counter() - begun))
    except BaseException as failure:
        results.put(f"{type(failure).__name__}: {failure}")
        barrier.abort()


def client_cores() -> set[int]:
    """The last quarter of the cores, if the servers then still have two."""
    cores = sorted(os.sched_getaffinity(0))
    return set(cores[-max(1, len(cores) // 4) :]) if len(cores) > 2 else set(cores)


def server_cores() -> set[int]:
    return os.sched_getaffinity(0) - client_cores() or os.sched_getaffinity(0)


@contextlib.contextmanager
def on_cores(cores: set[int]) -> Iterator[None]:
    """Processes that are started inside it stay on `cores`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def send_for(wire: Wire, requests: Any, body: bytes | None, seconds: float, times: array[float]) -> bytes | None:
    """Sends until `seconds` have passed or there is nothing more to send; the last answer."""
    until = time.perf_counter() + seconds
    try:
        while (begun := time.perf_counter()) < until:
            body = wire.ask(requests.send(body))
            times.append(time.perf_counter() - begun)
    except StopIteration:
        pass
    return body


def send_paced(wire: Wire, requests: Any, body: bytes | None, load: Load, number: int, times: array[float]) -> None:
    """Every request at its own moment, however long the last one took; late ones count from that moment."""
    gap = CLIENTS / (load.rate or 1)
    begun = time.perf_counter() + gap * number / CLIENTS
    for turn in range(int(load.seconds / gap)):
        planned = begun + turn * gap
        time.sleep(max(0.0, planned - time.perf_counter()))
        body = wire.ask(requests.send(body))
        times.append(time.perf_counter() - planned)


class Wire:
    """HTTP/1.1 over kept connections, one request at a time. Raises WrongAnswer.

    A connection is opened when there is something to send: gunicorn keeps a thread for a new one that is silent.
    """

    def __init__(self, address: tuple[str, int], expected: bytes) -> None:
        self.address, self.expected = address, expected
        self.connections: deque[socket.socket] = deque()

    def ask(self, request: bytes) -> bytes:
        """The body of a 200 that has what is expected in it."""
        connection = self.connect() if len(self.connections) < CONNECTIONS else self.connections.popleft()
        connection.sendall(request)
        head, body = read_answer(connection)
        if not head.startswith(b"HTTP/1.1 200 ") or self.expected not in body:
            raise WrongAnswer(f"{head[:300]!r} {body[:500]!r}")
        self.connections.append(connection)
        return body

    def connect(self) -> socket.socket:
        connection = socket.create_connection(self.address, ANSWERS_WITHIN_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def read_answer(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of an answer that has a Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += (part := connection.recv(65536))
        if not part:
            raise WrongAnswer("the server closed the connection")
    head, _, body = received.partition(b"\r\n\r\n")
    name = b"\r\ncontent-length: "
    place = head.lower().find(name)
    if place < 0:
        raise WrongAnswer(f"no length: {head[:300]!r}")
    length = int(head[place + len(name) :].split(b"\r\n", 1)[0])
    while len(body) < length:
        body += (part := connection.recv(65536))
        if not part:
            raise WrongAnswer("the server closed the connection")
    return head, body
