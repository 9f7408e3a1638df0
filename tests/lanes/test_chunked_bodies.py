"""Bodies without a length, through the real server: the test client knows no chunks."""

import json
import socket
from contextlib import closing

import httpx
import pytest

from tests.lanes.server import running

pytestmark = pytest.mark.processes

MIB = 1024 * 1024
TOKEN = "/api/oauth/v1/token"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chunked")
    with running(folder, GATEHOUSE_VAR=str(folder), GATEHOUSE_DATABASE_URL="", GATEHOUSE_REDIS_URL="") as started:
        yield started


def chunks(body, size=7):
    yield from (body[at : at + size] for at in range(0, len(body), size))


def raw(server, text):
    """The status of the answer to bytes that no HTTP library would send, and whether more came."""
    host, port = server.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=30)) as wire:
        wire.sendall(text)
        answer = wire.makefile("rb").read()
    return int(answer.split(b" ", 2)[1]), answer.count(b"HTTP/1.1 ")


def test_a_token_request_in_chunks_is_read(server):
    client = server.demo["clients"]["machine"]
    form = f"grant_type=client_credentials&client_id={client['client_id']}&client_secret={client['client_secret']}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = httpx.post(server.url + TOKEN, content=chunks(form.encode()), headers=headers, timeout=60)

    assert (answer.status_code, answer.json()["token_type"]) == (200, "Bearer")


def test_a_partners_request_in_chunks_is_read(server):
    partner = server.demo["partners"]["co_branded"]
    headers = {**JSON, "X-Partnership-Secret": partner["secret"]}
    body = json.dumps({"name": "Carol", "email": "carol@example.com"}).encode()

    answer = httpx.post(
        f"{server.url}/partnership/v1/{partner['id']}/connect-user", content=chunks(body), headers=headers, timeout=60
    )

    assert (answer.status_code, list(answer.json())) == (200, ["account"])


@pytest.mark.parametrize(("size", "status"), [(MIB, 400), (MIB + 1, 413), (64 * MIB, 413)])
def test_attack_110_chunks_are_held_to_the_limit_of_a_body(server, size, status):
    def endless():
        for at in range(0, size, 65_536):
            yield b"x" * min(65_536, size - at)

    try:
        answer = httpx.post(server.url + TOKEN, content=endless(), headers=JSON, timeout=60)
    except httpx.WriteError:  # it was answered and hung up on before all was sent
        assert size > 2 * MIB
    else:
        assert answer.status_code == status
        assert answer.json()["error"] == "invalid_request"


def test_attack_110_a_form_of_the_admin_has_its_own_limit(server):
    sizes = {4 * MIB: 403, 4 * MIB + 1: 413}  # 403: no token against forgery
    for size, status in sizes.items():
        answer = httpx.post(f"{server.url}/admin/login/", content=chunks(b"x" * size, 65_536), timeout=60)
        assert answer.status_code == status


HEAD = b"POST /api/oauth/v1/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
NEXT = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
SMUGGLED = {
    "both headers": HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
    "both, the other way round": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + NEXT,
    "two lengths": HEAD + b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + NEXT,
    "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + NEXT,
    "chunked not last": HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n" + NEXT,
    "packed": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + NEXT,
    "hidden by a tab": HEAD + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + NEXT,
    "hidden by a space": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + NEXT,
    "of another name": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT,
    "of HTTP/1.0": HEAD.replace(b"1.1", b"1.0", 1) + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
    "no size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nx\r\n\r\n" + NEXT,
    "longer than its chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n" + NEXT,
    "a signed size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n" + NEXT,
}


@pytest.mark.parametrize("shape", SMUGGLED)
def test_attack_111_a_body_of_two_readings_is_refused_and_nothing_after_it_is_answered(server, shape):
    status, answers = raw(server, SMUGGLED[shape])
    assert (status in (400, 501), answers) == (True, 1)


def test_a_body_that_breaks_off_is_the_callers_fault(server):
    host, port = server.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=30)) as wire:
        wire.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{")
        wire.shutdown(socket.SHUT_WR)
        assert wire.makefile("rb").readline().split(b" ")[1] == b"400"


def test_what_follows_a_chunked_body_is_the_next_request(server):
    with httpx.Client(base_url=server.url, timeout=60) as kept:
        first = kept.post(TOKEN, content=chunks(b'{"grant_type": "nonsense"}'), headers=JSON)
        again = kept.post(TOKEN, content=chunks(b'{"grant_type": "nonsense"}'), headers=JSON)
    assert [first.status_code, again.status_code] == [again.status_code] * 2
    assert first.json()["error"] == again.json()["error"]
