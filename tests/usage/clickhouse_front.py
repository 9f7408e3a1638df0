"""ClickHouse's HTTP interface as far as we speak it, before the engine in this process.

No server of ClickHouse's can be had here: Debian's is of 2018 and binds no parameters. So this front takes what the
manual names (https://clickhouse.com/docs/interfaces/http): the statement in `query` and the body, values as
`param_...`, user and database in headers, settings as they are; it answers what the engine answers.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, urlsplit

from tests.usage.embedded_clickhouse import engine
from usage.clickhouse_store.server import SETTINGS
from usage.errors import EventsUnavailable

USER, PASSWORD = "gatehouse", "hunter2 of the engine"


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        words = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        assert words.items() >= SETTINGS.items()
        assert self.headers["X-ClickHouse-Database"] == "gatehouse"
        if (self.headers["X-ClickHouse-User"], self.headers["X-ClickHouse-Key"]) != (USER, PASSWORD):
            return self.say(403, b"Code: 516. DB::Exception: gatehouse: Authentication failed", code="516")
        statement = (words["query"] + "\n" if "query" in words else "") + body.decode()
        bound = {name.removeprefix("param_"): value for name, value in words.items() if name.startswith("param_")}
        try:
            return self.say(200, engine().ask(statement, bound))
        except EventsUnavailable as fault:
            return self.say(400, fault.detail.encode(), code="62")

    def say(self, status: int, body: bytes, *, code: str = "") -> None:
        self.send_response(status)
        if code:
            self.send_header("X-ClickHouse-Exception-Code", code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Not into the test's output."""


@contextlib.contextmanager
def front() -> Iterator[str]:
    """Its address, with user and password."""
    engine()
    with ThreadingHTTPServer(("127.0.0.1", 0), Front) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://{USER}:{quote(PASSWORD)}@127.0.0.1:{server.server_port}/gatehouse"
        finally:
            server.shutdown()
            thread.join()
