"""Redis away, or hanging: what could be guessed at is refused, reads go on."""

import signal
import time
from dataclasses import replace

import pytest

from tests.faults import figures
from tests.faults.checks import check
from tests.faults.load import Book, Wire, under_load

pytestmark = pytest.mark.processes
CLOSED = {"authorize", "code", "refresh", "machine", "create", "pause"}
OPEN = {"profile", "key set", "discovery", "partner's list"}


@pytest.mark.parametrize("how", ["gone", "hanging"])
def test_limits_fail_closed_where_secrets_are_guessed_and_open_for_reads(house, served, how):
    cast = house.cast(served[0])
    token = cast.tokens_of_a_code()["access_token"]
    while_away = replace(cast, wire=Wire(served[0].url, Book()))

    def profile():
        while_away.profile(token)

    stop(house, how)
    try:
        with under_load(*while_away.everybody(), profile):
            time.sleep(figures.SECONDS)
    finally:
        go_on(house, how)
    calls = while_away.wire.book.calls
    assert {call.what for call in calls if not call.is_good} <= CLOSED
    assert {call.what for call in calls if call.is_good} == OPEN
    assert while_away.wire.call("ready", "GET", "/readyz").status == 200
    with under_load(*cast.everybody()):
        time.sleep(1 + figures.SECONDS / 4)
    check(house, f"Redis {how}", while_away, allowed={"503"})
    check(house, f"Redis back after it was {how}", cast)


def stop(house, how):
    if how == "gone":
        house.redis.kill()
    else:
        house.redis.server.send_signal(signal.SIGSTOP)


def go_on(house, how):
    if how == "gone":
        house.redis.start()
    else:
        house.redis.server.send_signal(signal.SIGCONT)
    time.sleep(1.2)  # it was left alone for a second
