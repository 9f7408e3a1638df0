"""`manage.py serve` for real: starts, answers, stops, and leaves nothing behind."""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from threading import Event, Thread

import httpx
import pytest

from config.serving import STOP_WITHIN_SECONDS
from config.web_worker import LINGER_SECONDS, MOST_SILENT
from tests.lanes.server import ROOT, left_running, running

pytestmark = pytest.mark.processes
SQLITE = {"GATEHOUSE_DATABASE_URL": "", "GATEHOUSE_REDIS_URL": ""}


@pytest.fixture(scope="module")
def var(tmp_path_factory):
    return tmp_path_factory.mktemp("var")


@pytest.fixture
def serving(tmp_path, var):
    with running(tmp_path, GATEHOUSE_VAR=str(var), **SQLITE) as server:
        yield server


def shown(server, seconds=10):
    deadline = time.monotonic() + seconds
    while "Ready in" not in (text := server.log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return text


def test_the_screen_tells_where_everything_is(serving):
    text = shown(serving)

    for part in ("database", "cache", "keys", "mail", "demo data", "worker"):
        assert re.search(rf"^  (ok|warn) +{part} ", text, re.MULTILINE)
    for path in ("/demo", "/admin/", "/docs"):
        assert f"{serving.url}{path}" in text


def test_a_second_start_finds_everything_in_place(tmp_path, var):
    with running(tmp_path, GATEHOUSE_VAR=str(var), **SQLITE) as first:
        clients = first.demo["clients"]
    with running(tmp_path, GATEHOUSE_VAR=str(var), **SQLITE) as second:
        assert second.demo["clients"] == clients


def test_a_taken_port_is_told_and_exit_78(serving, tmp_path):
    port = serving.url.rpartition(":")[2]
    second = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env={**os.environ, "GATEHOUSE_PROFILE": "embedded", "PORT": port, "GATEHOUSE_VAR": str(tmp_path), **SQLITE},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert second.returncode == 78
    assert f"GH011  can't listen on 127.0.0.1 port {port}" in second.stderr


def test_killing_the_parent_leaves_no_orphan(serving):
    os.kill(serving.process.pid, signal.SIGKILL)
    serving.process.wait()

    deadline = time.monotonic() + 25
    while left_running(serving.process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left_running(serving.process.pid) == []


def test_ctrl_c_stops_it_as_sigterm_does(serving):
    os.killpg(serving.process.pid, signal.SIGINT)

    assert serving.process.wait(timeout=20) == 0
    assert left_running(serving.process.pid) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_a_stop_answers_who_has_asked(tmp_path, var, how):
    with (
        running(tmp_path, GATEHOUSE_VAR=str(var), GATEHOUSE_WEB_THREADS="2", **SQLITE) as server,
        ExitStack() as opened,
    ):
        kept, *halves = connect(server, 3, opened)
        asked(kept)
        halves[0].sendall(HALF)
        httpx.get(f"{server.url}/livez", timeout=30)
        halves[1].sendall(HALF)  # now both threads wait for the last bytes
        [outside] = connect(server, 1, opened)  # nobody is free to let it in
        for wire in (kept, outside):
            wire.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        os.killpg(server.process.pid, how)
        kept.settimeout(LINGER_SECONDS + 1)
        with pytest.raises(TimeoutError):  # it is not hung up on
            kept.recv(1)
        with pytest.raises(ConnectionError):  # others are sent elsewhere
            connect(server, 1, opened)
        for half in halves:
            half.sendall(b"}       ")
        for wire in (kept, outside, *halves):
            wire.settimeout(30)
            assert wire.recv(9) == b"HTTP/1.1 "
        assert server.process.wait(timeout=STOP_WITHIN_SECONDS) == 0


def test_neither_a_silent_connection_nor_half_a_request_holds_a_stop(serving):
    address = ("127.0.0.1", int(serving.url.rpartition(":")[2]))
    with socket.create_connection(address), socket.create_connection(address) as half:
        half.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        httpx.get(f"{serving.url}/livez")  # both were accepted before this one
        serving.process.send_signal(signal.SIGTERM)
        assert serving.process.wait(timeout=STOP_WITHIN_SECONDS) == 0


def test_a_request_line_with_the_longest_state_arrives(serving):
    state = "%C3%A9" * 1024  # 2,048 bytes of UTF-8, percent-encoded

    answer = httpx.get(f"{serving.url}/api/oauth/v1/authorize?state={state}")

    assert answer.status_code == 400
    assert "X-Request-Id" in answer.headers


HALF = b"POST /api/oauth/v1/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{"


@pytest.mark.parametrize("half", [HALF, HALF[:30]])
def test_attack_120_halves_of_requests_hold_no_thread_for_good(tmp_path, var, half):
    slow = {"GATEHOUSE_WEB_THREADS": "2", "GATEHOUSE_RECEIVE_SECONDS": "1"}
    with running(tmp_path, GATEHOUSE_VAR=str(var), **slow, **SQLITE) as server, ExitStack() as opened:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        for _ in range(4):
            opened.enter_context(socket.create_connection(address)).sendall(half)
        assert httpx.get(f"{server.url}/livez", timeout=30).status_code == 200


def test_attack_171_silent_connections_hold_no_thread(tmp_path, var):
    with (
        running(tmp_path, GATEHOUSE_VAR=str(var), GATEHOUSE_WEB_THREADS="2", **SQLITE) as server,
        ExitStack() as opened,
    ):
        connect(server, 60, opened)  # each once held a thread for 5 s
        assert httpx.get(f"{server.url}/livez", timeout=30).status_code == 200


def test_attack_171_of_too_many_silent_connections_those_that_wait_longest_are_closed(serving):
    with ExitStack() as opened:
        first, *_, last = connect(serving, MOST_SILENT + 50, opened)
        assert first.recv(1) == b""
        last.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert last.recv(12) == b"HTTP/1.1 200"


def test_attack_171_a_silent_connection_is_closed_in_time(tmp_path, var):
    soon = {"GATEHOUSE_RECEIVE_SECONDS": "1"}
    with running(tmp_path, GATEHOUSE_VAR=str(var), **soon, **SQLITE) as server, ExitStack() as opened:
        assert connect(server, 1, opened)[0].recv(1) == b""


def test_attack_196_who_reads_no_answer_holds_no_thread_for_good(tmp_path, var):
    impatient = {"GATEHOUSE_WEB_THREADS": "2", "GATEHOUSE_RECEIVE_SECONDS": "1"}
    with running(tmp_path, GATEHOUSE_VAR=str(var), **impatient, **SQLITE) as server, ExitStack() as opened:
        for wire in connect(server, 4, opened):
            wire.settimeout(2)
            with suppress(OSError):  # neither side reads any more, or it was cut off already
                wire.sendall(b"GET /docs/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 200)
        client = opened.enter_context(httpx.Client(timeout=30))
        for _ in range(1000):  # the threads come to a stand when what lies between the two ends is full
            assert client.get(f"{server.url}/livez").status_code == 200


def test_attack_199_who_reads_a_long_answer_byte_by_byte_holds_no_thread(tmp_path, var):
    impatient = {"GATEHOUSE_WEB_THREADS": "2", "GATEHOUSE_RECEIVE_SECONDS": "2"}
    with running(tmp_path, GATEHOUSE_VAR=str(var), **impatient, **SQLITE) as server, ExitStack() as opened:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        wires = [opened.enter_context(socket.socket()) for _ in range(4)]
        for wire in wires:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.settimeout(30)
            wire.connect(address)
            wire.sendall(b"GET /docs/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 200)
        ended = Event()
        opened.callback(ended.set)
        Thread(target=trickle, args=[wires, ended], daemon=True).start()
        client = opened.enter_context(httpx.Client(timeout=30))
        for _ in range(1000):  # the threads come to a stand when what lies between the two ends is full
            assert client.get(f"{server.url}/livez").status_code == 200


def trickle(wires, ended):
    while not ended.wait(0.05):
        for wire in wires:
            with suppress(OSError):
                wire.recv(2048)


def test_attack_200_requests_that_never_end_between_two_packets_hold_no_thread(tmp_path, var):
    impatient = {"GATEHOUSE_WEB_THREADS": "2", "GATEHOUSE_RECEIVE_SECONDS": "1"}
    with running(tmp_path, GATEHOUSE_VAR=str(var), **impatient, **SQLITE) as server, ExitStack() as opened:
        wires = connect(server, 2, opened)
        for wire in wires:
            wire.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        ended = Event()
        opened.callback(ended.set)
        Thread(target=end_and_begin, args=[wires, ended], daemon=True).start()
        assert httpx.get(f"{server.url}/livez", timeout=15).status_code == 200


def end_and_begin(wires, ended):
    while not ended.wait(0.2):
        for wire in wires:
            with suppress(OSError):
                wire.sendall(b"\r\nGET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n")


def test_attack_197_connections_that_do_not_end_hold_nobody(serving):
    with ExitStack() as opened:
        for wire in connect(serving, 40, opened):
            wire.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert wire.recv(12) == b"HTTP/1.1 200"
        assert httpx.get(f"{serving.url}/livez", timeout=30).status_code == 200


def test_attack_198_of_too_many_kept_connections_those_that_wait_longest_are_closed(serving):
    with ExitStack() as opened:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard := resource.getrlimit(resource.RLIMIT_NOFILE)[1], hard))
        first, *_ = [asked(*connect(serving, 1, opened)) for _ in range(1050)]
        first.setblocking(False)  # closed by now, and not when its time is up
        assert first.recv(1) == b""


def test_attack_198_without_a_descriptor_left_others_are_answered(tmp_path, var):
    few = ("prlimit", "--nofile=150", sys.executable, "manage.py", "serve")
    with running(tmp_path, few, GATEHOUSE_VAR=str(var), **SQLITE) as server, ExitStack() as opened:
        for _ in range(300):
            asked(*connect(server, 1, opened))


def asked(wire):
    wire.settimeout(10)  # less than a kept connection may wait
    wire.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    answer = b""
    while b"\r\n0\r\n" not in answer:
        answer += (part := wire.recv(4096))
        assert part, "closed without an answer"
    assert answer.startswith(b"HTTP/1.1 200")
    return wire


def connect(server, number, opened):
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    return [opened.enter_context(socket.create_connection(address, timeout=30)) for _ in range(number)]
