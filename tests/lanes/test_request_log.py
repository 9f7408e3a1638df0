"""The request log of a real server: written by its thread, and whole when it stops."""

import sqlite3
import time

import httpx
import pytest

from tests.lanes.server import running

pytestmark = pytest.mark.processes
SQLITE = {"GATEHOUSE_DATABASE_URL": "", "GATEHOUSE_REDIS_URL": ""}


def rows_of(var):
    with sqlite3.connect(var / "dev.sqlite3", timeout=20) as database:
        return [id_ for (id_,) in database.execute("SELECT request_id FROM partnership_loggedcall ORDER BY id")]


def test_calls_are_written_meanwhile_and_the_last_ones_at_a_stop(tmp_path):
    var = tmp_path / "var"
    with running(tmp_path, GATEHOUSE_VAR=str(var), **SQLITE) as server:
        globex = next(each for each in server.demo["partners"].values())

        def call(id_):
            url = f"{server.url}/partnership/v1/{globex['id']}/catalog"
            headers = {"X-Partnership-Secret": globex["secret"], "X-Request-Id": id_}
            assert httpx.get(url, headers=headers).status_code == 200

        call("first")
        deadline = time.monotonic() + 20
        while rows_of(var) != ["first"] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert rows_of(var) == ["first"]
        call("last")

    assert rows_of(var) == ["first", "last"]
