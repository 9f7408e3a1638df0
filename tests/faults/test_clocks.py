"""Hosts whose clocks are wrong: two minutes off, to either side, and clocks that jump (skewed.py)."""

import signal
import sys
import time

import pytest

from tests.faults import figures
from tests.faults.balancer import balancing
from tests.faults.checks import check
from tests.faults.load import Book, Wire, under_load

pytestmark = pytest.mark.processes
WEB = ("serve", "--no-worker")
LIVES = {"GATEHOUSE_CODE_SECONDS": "60", "GATEHOUSE_ACCESS_TOKEN_SECONDS": "60"}
# Of those that were given by these hosts: others give them for an hour.
LATE = """SELECT count(*) FROM oauth_provider_accesstoken
WHERE expires_at < created_at + interval '61 s' AND expires_at > clock_timestamp() + interval '60 s'"""
# By more than the hosts may be apart: each reads the database's clock over a wire (accounts/clock.py).
EXPIRE = """UPDATE oauth_provider_accesstoken SET expires_at = clock_timestamp() - interval '0.5 s'
WHERE resource_server_id IS NULL"""
LEASE = """UPDATE partnership_operation
SET status = 'running', fence = fence + 1, started_at = clock_timestamp(),
    lease_until = clock_timestamp() + interval '60 s' WHERE finished_at IS NULL"""
LET_GO = "UPDATE partnership_operation SET lease_until = clock_timestamp() WHERE finished_at IS NULL"


def off_by(file, seconds, *words):
    """The command of a process whose clock is wrong, for as long as `file` says so."""
    file.write_text(str(seconds))
    return (sys.executable, "-m", "tests.faults.skewed", str(file), "manage.py", *words)


def test_two_hosts_four_minutes_apart_and_clocks_that_jump(house, served, tmp_path):
    fast, slow = tmp_path / "fast", tmp_path / "slow"
    with (
        house.serving("fast", off_by(fast, 120, *WEB), **LIVES) as one,
        house.serving("slow", off_by(slow, -120, *WEB), **LIVES) as other,
        balancing(one.url, other.url) as balancer,
    ):
        cast = house.cast(one, balancer.url)
        with under_load(*cast.everybody()):
            time.sleep(figures.SECONDS)
        check_ends(house, cast)
        check(house, "Hosts 240 s apart", cast)

        jumping = house.cast(one, balancer.url)
        with under_load(*jumping.everybody()):
            for seconds in (3600, -3600, 120):
                fast.write_text(str(seconds))
                time.sleep(1 + figures.SECONDS / 3)
        check_ends(house, jumping)
        check(house, "A host's clock jumps by hours", jumping)


def check_ends(house, cast):
    """Every token ends 60 s after it was given, by the database's clock; ended there, it is ended on both hosts."""
    assert house.rows(LATE) == [(0,)]
    tokens = cast.tokens_of_a_code()
    house.change(EXPIRE)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    elsewhere = Wire(cast.wire.url, Book())  # these have to be refused
    assert {elsewhere.call("profile", "GET", "/auth/v1/profile", **headers).status for _ in range(4)} == {401}


def test_a_worker_with_a_fast_clock_takes_no_live_lease(house, served, tmp_path):
    cast = house.cast(served[0])
    ours = served[1]
    ours.stop(signal.SIGTERM)
    try:
        cast.provision()
        house.change(LEASE)
        with house.working(command=off_by(tmp_path / "clock", 120, "work")):
            time.sleep(5 + figures.SECONDS / 4)
            assert house.open_operations() == 1
            house.change(LET_GO)
            check(house, "A worker's clock 120 s fast, and a live lease of another", cast, least=1)
    finally:
        ours.start()
