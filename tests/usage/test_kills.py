"""Kills while meters send lose nothing and count nothing twice (kills.py says what is looked at)."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.lanes.server import running
from tests.usage import kills
from tests.usage.kills import FAULTS, House, get_token, make_project
from tests.usage.repeating_meters import EVENTS, now

KILLS = int(os.environ.get("GATEHOUSE_KILLS", "40"))
KILLS_ON_SQLITE = int(os.environ.get("GATEHOUSE_KILLS", "15"))

pytestmark = pytest.mark.processes


def run_kills(kind, number):
    command = [sys.executable, "-m", "tests.usage.kills", kind, str(number), "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3000, check=False)
    assert done.stdout, done.stderr[-3000:]
    return json.loads(done.stdout)


def faults(found):
    return {name: found[name] for name in FAULTS if found[name]}


@pytest.mark.contract("usage.md", "Metering in", "durable")
def test_trap_06_killed_web_workers_and_backends_lose_nothing_and_double_nothing():
    found = run_kills("postgresql", KILLS)
    assert faults(found) == {}
    assert found["kills"] == KILLS
    assert set(found["killed"]) == {"web worker", "backend"}
    assert found["crashes of the server"]
    assert found["accepted without an answer"]  # else nothing was shown


def test_trap_06_killed_web_process_on_sqlite_loses_nothing_and_doubles_nothing():
    found = run_kills("sqlite", KILLS_ON_SQLITE)
    assert faults(found) == {}
    assert found["killed"] == {"web worker": KILLS_ON_SQLITE}
    assert found["accepted without an answer"]


@pytest.fixture
def house(tmp_path):
    given = {"GATEHOUSE_VAR": str(tmp_path), "GATEHOUSE_DATABASE_URL": "", "GATEHOUSE_REDIS_URL": ""}
    kills.migrate({**given, "GATEHOUSE_PROFILE": "embedded"})
    with running(tmp_path, **given) as server:
        yield House(server, given, None)


def test_trap_06_an_answer_that_was_lost_on_its_way_is_given_again(house):
    project = make_project(house, 1)
    events = [an_event(f"lost-{number}", project) for number in range(50)]
    token = get_token(house)

    send(house, token, events, reads=False)
    answer = send(house, token, events, reads=True)

    assert answer == {"accepted": 0, "duplicates": 50, "rejected": []}
    rolled_up = house.rows(f"SELECT sum(mcp_calls) FROM usage_daily WHERE project_id = '{project.hex}'")
    assert rolled_up == [[(50,)]]


def an_event(id_, project):
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "/edge/eu-1",
        "type": "usage.recorded",
        "subject": str(project),
        "time": now().isoformat(),
        "data": {"mcp_calls": 1},
    }


def send(house, token, events, *, reads):
    """The answer; without `reads` it hangs up at the answer's first byte, when all is decided."""
    wire = http.client.HTTPConnection(urlsplit(house.server.url).netloc, timeout=30)
    with contextlib.closing(wire):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        wire.request("POST", EVENTS, json.dumps(events), headers)
        if reads:
            return json.loads(wire.getresponse().read())
        return wire.sock.recv(1)
