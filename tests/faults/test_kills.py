"""kill -9 under load: of a web process, of the worker, of PostgreSQL's backends, of Redis."""

import random
import signal
import time

import pytest

from tests.faults import figures
from tests.faults.checks import check
from tests.faults.load import under_load
from tests.usage.kills import busy_backends, kill_one, web_workers

pytestmark = pytest.mark.processes
DICE = random.Random(7)


@pytest.fixture
def cast(house, served):
    return house.cast(served[0])


def again_and_again(kill):
    """While the load goes on; how often."""
    until, kills = time.monotonic() + figures.SECONDS, 0
    while time.monotonic() < until or kills < 2:
        time.sleep(DICE.uniform(0.3, 1.2))
        kills += kill()
    time.sleep(1.5)
    return kills


def test_killed_web_processes(house, served, cast):
    def kill():
        return kill_one(web_workers(served[0].process.pid), DICE)

    with under_load(*cast.everybody()):
        kills = again_and_again(kill)
    check(house, "kill -9 of web processes", cast, times=kills, allowed={"cut off"})


def test_killed_workers(house, served, cast):
    worker = served[1]

    def kill():
        worker.stop(signal.SIGKILL)
        worker.start()
        return 1

    with under_load(*cast.everybody()):
        kills = again_and_again(kill)
    check(house, "kill -9 of the worker", cast, times=kills, allowed=set())


def test_killed_backends(house, served, cast):
    with under_load(*cast.everybody()):
        kills = again_and_again(lambda: kill_one(busy_backends(house.postgres), DICE))
    check(house, "kill -9 of PostgreSQL's backends", cast, times=kills, allowed={"503"})


def test_killed_redis(house, served, cast):
    def kill():
        house.redis.kill()
        time.sleep(0.3)
        house.redis.start()
        return 1

    with under_load(*cast.everybody()):
        kills = again_and_again(kill)
    check(house, "kill -9 of Redis", cast, times=kills, allowed={"503"})
