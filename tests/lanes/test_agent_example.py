"""examples/agent_login.py against a running server, as a newcomer runs it."""

import json
import subprocess
import sys

import httpx
import pytest

from tests.lanes.server import ROOT, running
from tests.lanes.visitor import Visitor

pytestmark = pytest.mark.processes


def test_the_example_finds_its_way_in(tmp_path):
    environment = {"GATEHOUSE_VAR": str(tmp_path), "GATEHOUSE_DATABASE_URL": "", "GATEHOUSE_REDIS_URL": ""}
    with running(tmp_path, **environment) as server:
        # -I: nothing of this process's environment or installed packages.
        command = [sys.executable, "-I", "-S", str(ROOT / "examples" / "agent_login.py")]
        command.append(f"{server.url}/organizations/v1")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as example:
            url = example.stdout.readline().removeprefix("Open ").strip()
            callback = Visitor(server.url, server.demo["user"]).allow(url)
            closing = httpx.get(callback)
            said, failed = example.communicate(timeout=60)

    assert closing.text == "You can close this window."
    assert (example.returncode, failed) == (0, "")
    assert [organization["type"] for organization in json.loads(said)["organizations"]] == ["personal"]
