"""What stands between: a balancer before several servers, or a slow line to the database. TCP, and no more.

A connection goes to the next target in turn; one that is taken out keeps those that it has, until they end.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from urllib.parse import urlsplit

PIECE_BYTES = 65_536


class Balancer:
    def __init__(self, *urls: str) -> None:
        self.targets = [address(url) for url in urls]
        self.delay_seconds = 0.0  # before each piece of an answer
        self.turn = count()
        self.joined: Counter[tuple[str, int]] = Counter()
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send_to(self, *urls: str) -> None:
        with self.changed:
            self.targets = [address(url) for url in urls]

    def take_out(self, url: str) -> None:
        """Sends nothing more there, and waits for what is under way: now it may stop."""
        with self.changed:
            self.targets.remove(address(url))
            assert self.changed.wait_for(lambda: not self.joined[address(url)], timeout=60)

    def accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.join, args=[client], daemon=True).start()

    def join(self, client: socket.socket) -> None:
        with (
            client,
            self.one_more() as target,
            contextlib.suppress(OSError),
            socket.create_connection(target) as server,
        ):
            self.pass_on(client, server)

    @contextlib.contextmanager
    def one_more(self) -> Iterator[tuple[str, int]]:
        with self.changed:
            target = self.targets[next(self.turn) % len(self.targets)]
            self.joined[target] += 1
        try:
            yield target
        finally:
            with self.changed:
                self.joined[target] -= 1
                self.changed.notify_all()

    def pass_on(self, client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        while True:
            for source in select.select([client, server], [], [])[0]:
                piece = source.recv(PIECE_BYTES)
                if not piece:
                    return
                if source is server and self.delay_seconds:
                    time.sleep(self.delay_seconds)
                other[source].sendall(piece)


def address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)


@contextlib.contextmanager
def balancing(*urls: str) -> Iterator[Balancer]:
    made = Balancer(*urls)
    try:
        yield made
    finally:
        made.listener.close()
