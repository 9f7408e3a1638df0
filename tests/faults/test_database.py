"""PostgreSQL that restarts, crashes or is slow."""

import signal
import time

import pytest

from tests.faults import figures
from tests.faults.balancer import balancing
from tests.faults.checks import check
from tests.faults.load import under_load

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
