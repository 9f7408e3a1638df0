"""A client's connection: what of its HTTP/1.1 is read, and how it is answered, beyond gunicorn's own."""

from __future__ import annotations

import socket
import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from django.db.backends.base.base import BaseDatabaseWrapper
from gunicorn.config import Config
from gunicorn.http import Request, RequestParser
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import (
    ConfigurationProblem,
    ExpectationFailed,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.http.wsgi import Response

PIECE_BYTES = 256 * 1024  # of an answer, which has to be taken in RECEIVE_SECONDS
HEAD_BYTES = 32 * 1024  # of a request, all its headers together
SKIPPED_BYTES = 64 * 1024  # of a body that nobody asked for, so that its connection may ask again
DRAINED_BYTES = 32 * 1024**2  # sent after our last word: four times the largest body
STATUSES = {  # the first that fits
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    InvalidResponseHeader: HTTPStatus.INTERNAL_SERVER_ERROR,
    InvalidResponseHeaderName: HTTPStatus.INTERNAL_SERVER_ERROR,
    ConfigurationProblem: HTTPStatus.INTERNAL_SERVER_ERROR,
    ParseException: HTTPStatus.BAD_REQUEST,
    Exception: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class Connection:
    """By the monotonic clock: `until` when it may wait; since when a thread is busy with it (`taken`), with its request
    (`since`) and with a piece of the answer (`sending`).
    """

    def __init__(self, cfg: Config, opened: socket.socket, client: object, server: object) -> None:
        self.sock, self.client, self.server = opened, client, server
        self.parser = Requests(cfg, opened, client)
        self.until = self.taken = self.since = self.sending = 0.0
        self.database: BaseDatabaseWrapper | None = None  # of the thread that answers
        self.is_over = False  # we have said our last word
        self.to_drain = DRAINED_BYTES

    @property
    def address(self) -> str:
        return str(self.client[0]) if isinstance(self.client, tuple) else ""

    @property
    def has_more(self) -> bool:
        """Whether it sent the beginning of its next request already."""
        return bool(self.parser.unreader.buf.tell())

    @property
    def has_asked(self) -> bool:
        """Whether something that nobody has read yet has arrived."""
        try:
            return bool(self.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False


class BriefRequest(Request):  # type: ignore[misc]  # it has no type hints
    """Gunicorn's, which takes 800 KiB of headers and goes through them anew at each packet."""

    max_buffer_headers = property(lambda self: HEAD_BYTES, lambda self, most: None)


class Requests(RequestParser):  # type: ignore[misc]  # it has no type hints
    """Gunicorn's, without the time limit for the rest of a body, which the watchman keeps."""

    mesg_class = BriefRequest

    def finish_body(self) -> bool:
        """Whether all that was sent with the last request is read."""
        if not self.mesg:
            return True
        body = self.mesg.body
        while not body.failed:
            if not body.read(SKIPPED_BYTES):
                return True
        return False


class WholeAnswer(Response):  # type: ignore[misc]  # it has no type hints
    """Gunicorn's, whose head leaves together with the first bytes of the body."""

    headers_sent: bool
    head = b""

    def __init__(self, request: Request, sock: socket.socket, cfg: object, connection: Connection) -> None:
        super().__init__(request, sock, cfg)
        self.connection = connection

    def should_close(self) -> bool:
        return bool(super().should_close()) or is_long(self.req.body.reader)

    def send_headers(self) -> None:
        if not self.headers_sent:
            lines = [
                f"HTTP/{self.req.version[0]}.{self.req.version[1]} {self.status}",
                f"Date: {date_of(int(time.time()))}",
                f"Connection: {'close' if self.should_close() else 'keep-alive'}",
                *(["Transfer-Encoding: chunked"] if self.chunked else []),
                *(f"{name}: {value}" for name, value in self.headers),
            ]
            self.head = "\r\n".join([*lines, "", ""]).encode("latin-1")
            self.headers_sent = True

    def _emit_body(self, data: bytes) -> None:
        head, self.head = self.head, b""
        sent = head + (b"%X\r\n%b\r\n" % (len(data), data) if self.chunked else data)
        for start in range(0, len(sent), PIECE_BYTES):
            self.connection.sending = time.monotonic()
            self.sock.sendall(sent[start : start + PIECE_BYTES])
        self.connection.sending = 0.0

    def close(self) -> None:
        self.send_headers()
        if self.head or self.chunked:
            self._emit_body(b"")


def is_long(unread: ChunkedReader | LengthReader) -> bool:
    """Whether so much of a body is left that the connection is rather ended; where nobody says how much, any."""
    return unread.parser is not None if isinstance(unread, ChunkedReader) else unread.length > SKIPPED_BYTES


def status_of(fault: Exception) -> HTTPStatus:
    """What the request is answered of which gunicorn's parser, or the application, said `fault`."""
    return next(status for kind, status in STATUSES.items() if isinstance(fault, kind))


def brief(status: HTTPStatus, request_id: str) -> bytes:
    """An answer to whom nobody knows what he asked, in which dialect: the last of its connection."""
    body = f"{status.phrase}\n"
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Date: {date_of(int(time.time()))}",
        "Connection: close",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        f"X-Request-Id: {request_id}",
    ]
    return "\r\n".join([*lines, "", body]).encode()


@lru_cache(maxsize=1)
def date_of(second: int) -> str:
    """The same for every answer of a second."""
    return formatdate(second, usegmt=True)
