"""Servers on loopback as partners have them, some of which misbehave on purpose."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behave = Callable[[BaseHTTPRequestHandler], None]


def status(code: int, body: bytes = b"", **headers: str) -> Behave:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def slow(seconds: float) -> Behave:
    """Says nothing for so long, then 200."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        status(200)(handler)

    return behave


def drip(handler: BaseHTTPRequestHandler) -> None:
    """A byte every 50 ms, for longer than anybody should wait: no pause is long, the whole is."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b".")
        time.sleep(0.05)


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    for _ in range(100):
        handler.wfile.write(b".")
        time.sleep(0.05)


def flood(handler: BaseHTTPRequestHandler) -> None:
    """More than anybody asked for, without saying how much."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"x" * 10_000)


def no_http(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    """Promises more than it sends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


@dataclass
class Receiver:
    """Remembers what came. `behave` is what it does about it; it may be changed at any time."""

    port: int = 0
    behave: Behave = field(default_factory=lambda: status(200))
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.got.append(({name.lower(): value for name, value in handler.headers.items()}, body))
        self.behave(handler)


@contextmanager
def receiving(host: str = "127.0.0.1", wrap: Callable[[ThreadingHTTPServer], None] | None = None) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                receiver.take(self)
            except OSError:
                self.close_connection = True  # whoever asked is gone

        do_GET = do_POST  # noqa: N815 the library's name

        def log_message(self, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    if wrap:
        wrap(server)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
