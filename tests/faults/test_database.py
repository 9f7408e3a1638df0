"""PostgreSQL that restarts, crashes or is slow."""

import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.faults import figures
from tests.faults.balancer import balancing
from tests.faults.checks import check
from tests.faults.load import Book, Wire, under_load
from tests.usage.kills import children

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(("how", "name"), [(signal.SIGINT, "restart"), (signal.SIGQUIT, "crash and recovery")])
def test_a_database_that_goes_and_comes_back(house, served, how, name):
    cast = house.cast(served[0])
    with under_load(*cast.everybody()):
        time.sleep(figures.SECONDS / 2)
        house.postgres.stop(how)
        time.sleep(1)
        house.postgres.start()
        time.sleep(figures.SECONDS / 2 + 1)
    assert cast.wire.call("profile", "GET", "/readyz").status == 200
    check(house, f"PostgreSQL: {name}, away for a second", cast, allowed={"503"})


def test_nobody_meets_a_connection_that_the_database_has_ended(house, served):
    """A restart, or its limit for idle ones: each thread has one that it finds out about."""
    partner = served[0].demo["partners"]["white_label"]
    wire = Wire(served[0].url, Book())

    def lists(number):
        call = ("partner's list", "GET", f"/partnership/v1/{partner['id']}/projects")
        with ThreadPoolExecutor(number) as pool:
            asked = [pool.submit(wire.call, *call, X_Partnership_Secret=partner["secret"]) for _ in range(number)]
        return Counter(each.result().status for each in asked)

    assert lists(60) == {200: 60}
    ended = house.rows(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "  # waits until it is gone
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    assert len(ended) > 5

    assert lists(60) == {200: 60}


def test_a_slow_database(house, served):
    """Each answer of it takes 50 ms more: everything is answered, only later."""
    with balancing(house.environment["GATEHOUSE_DATABASE_URL"].replace("postgresql", "http")) as line:
        url = f"postgresql://postgres@127.0.0.1:{line.port}/postgres"
        with house.serving("slow", GATEHOUSE_DATABASE_URL=url) as server:
            cast = house.cast(server)
            line.delay_seconds = 0.05
            with under_load(*cast.everybody()):
                time.sleep(figures.SECONDS)
            line.delay_seconds = 0
            check(house, "PostgreSQL: each answer 50 ms late", cast)


def test_a_silent_database(house, served):
    """Its processes stopped, their connections open: callers get a 503 in time, and it goes on when it does."""
    with house.serving("silent", GATEHOUSE_DATABASE_SECONDS="2") as server:
        cast = house.cast(served[0], server.url)
        with under_load(*cast.everybody()):
            time.sleep(figures.SECONDS / 4)
            stop_and_go(house, signal.SIGSTOP)
            time.sleep(8 + figures.SECONDS / 2)
            stop_and_go(house, signal.SIGCONT)
            time.sleep(2 + figures.SECONDS / 2)
        assert any(call.status == 503 for call in cast.wire.book.calls)
        check(house, "PostgreSQL: connected and silent", cast, allowed={"503"})


def stop_and_go(house, how):
    for pid in [house.postgres.server.pid, *children(house.postgres.server.pid)]:
        with suppress(ProcessLookupError):
            os.kill(pid, how)
