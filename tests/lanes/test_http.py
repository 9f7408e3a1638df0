"""HTTP/1.1 as it is on the wire, byte by byte, through the real server."""

import http.client
import json
import re
import socket
from contextlib import closing, suppress

import pytest

from config.http_connection import DRAINED_BYTES
from tests.lanes.server import running

pytestmark = pytest.mark.processes

LIVE = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
KEYS = b"GET /api/oauth/v1/jwks.json HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
LAST = LIVE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("http")
    with running(folder, GATEHOUSE_VAR=str(folder), GATEHOUSE_DATABASE_URL="", GATEHOUSE_REDIS_URL="") as started:
        yield started


@pytest.fixture
def wire(server):
    host, port = server.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=30)) as opened:
        yield opened


def everything(wire):
    return wire.makefile("rb").read()


def test_requests_one_behind_the_other_are_answered_in_their_order(wire):
    wire.sendall(LIVE + LIVE.replace(b"/livez", b"/nothing") + LAST)

    assert [part[:3] for part in everything(wire).split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]


def test_a_request_may_come_byte_by_byte(wire):
    for byte in LAST:
        wire.sendall(bytes([byte]))

    assert everything(wire).startswith(b"HTTP/1.1 200 OK\r\n")


def test_head_and_body_of_an_answer_leave_together(wire):
    wire.sendall(KEYS)

    head, _, body = wire.recv(65536).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert body


def test_head_is_answered_without_a_body(wire):
    wire.sendall(KEYS.replace(b"GET", b"HEAD"))

    head, _, body = everything(wire).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: " in head
    assert body == b""


@pytest.mark.parametrize(("version", "ends"), [("1.0", True), ("1.1", False)])
def test_a_connection_is_kept_where_its_version_keeps_it(wire, version, ends):
    wire.sendall(KEYS.replace(b"Connection: close\r\n", b"").replace(b"1.1", version.encode(), 1))
    assert wire.recv(65536).startswith(f"HTTP/{version} 200 OK\r\n".encode())

    if ends:
        assert wire.recv(1) == b""
    else:
        wire.sendall(LAST)
        assert everything(wire).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_body_that_nobody_asked_for_is_not_the_next_request(wire):
    body = LIVE * 100
    wire.sendall(b"POST /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body + LAST)

    assert [part[:3] for part in everything(wire).split(b"HTTP/1.1 ")[1:]] == [b"405", b"200"]


@pytest.mark.parametrize(("size", "kept"), [(60_000, "keep-alive"), (100_000, "close")])
def test_an_answer_says_whether_its_connection_may_ask_again(wire, size, kept):
    wire.sendall(b"POST /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % size)
    assert f"\r\nConnection: {kept}\r\n".encode() in wire.recv(65536)


@pytest.mark.parametrize("path", ["/api/oauth/v1/token", "/usage/v1/events"])
@pytest.mark.parametrize("mebibytes", [9, 20])
def test_who_sends_too_much_reads_why_at_its_end(server, path, mebibytes):
    for _ in range(5):
        with closing(http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)) as client:
            client.request("POST", path, b"x" * mebibytes * 2**20, {"Content-Type": "application/json"})
            answer = client.getresponse()
            assert (answer.status, answer.getheader("Connection")) == (413, "close")
            assert json.load(answer)


def test_nobody_sends_for_ever(wire):
    wire.sendall(b"POST /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999999\r\n\r\n")
    sent = 0
    with suppress(ConnectionError):
        while sent < 4 * DRAINED_BYTES:
            sent += wire.send(bytes(2**20))
    assert DRAINED_BYTES < sent < 4 * DRAINED_BYTES


def test_who_waits_to_be_asked_for_its_body_is_asked(wire):
    wire.sendall(
        b"POST /api/oauth/v1/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    assert wire.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"

    wire.sendall(b"{}")
    assert everything(wire).startswith(b"HTTP/1.1 40")


def test_a_file_arrives_as_a_whole(server, wire):
    wire.sendall(b"GET /static/gatehouse.css HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")

    head, _, body = everything(wire).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"Content-Length: {len(body)}".encode() in head


def test_what_is_not_http_is_refused_and_the_connection_ended(wire):
    wire.sendall(b"\x16\x03\x01\x02\x00 not at all\r\n\r\n")

    assert everything(wire).startswith(b"HTTP/1.1 400 Bad Request\r\n")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (LAST.replace(b"Host", b"X-Partnership-Secret gps_SECRET\r\nHost"), 400),
        (LAST.replace(b"Host", b"Cookie session=SECRET\r\nHost"), 400),
        (LAST.replace(b"Host", b"Host: other\r\nHost"), 400),
        (b"client_secret=SECRET&grant_type=x HTTP/1.1\r\n\r\n", 400),
        (LAST.replace(b"/livez", b"/auth/v1/profile?access_token=SECRET" + b"a" * 9000), 414),
        (LAST.replace(b"Host", b"Authorization: Bearer SECRET" + b"a" * 9000 + b"\r\nHost"), 431),
        (LAST.replace(b"Host", b"Transfer-Encoding: SECRET\r\nHost"), 501),
    ],
)
def test_attack_203_what_cannot_be_read_is_told_by_an_id_and_not_repeated(server, wire, sent, status):
    wire.sendall(sent)
    head, _, body = everything(wire).decode().partition("\r\n\r\n")

    assert head.startswith(f"HTTP/1.1 {status} ")
    request_id = re.search(r"^X-Request-Id: (\w{32})$", head, re.MULTILINE)[1]
    log = server.log.read_text()
    assert f"request_id={request_id}" in log
    assert "SECRET" not in body + log


def test_attack_201_more_headers_than_anybody_needs_are_refused(wire):
    wire.sendall(LAST.replace(b"Host", b"".join(b"X-%d: %s\r\n" % (each, b"a" * 5000) for each in range(7)) + b"Host"))

    assert everything(wire).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("path", [b"/livez", b"/api/oauth/v1/jwks.json"])
def test_attack_202_a_body_that_cannot_be_read_gets_no_second_answer(wire, path):
    wire.sendall(b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n" % path + LIVE)

    assert len(everything(wire).split(b"HTTP/1.1 ")) == 2
