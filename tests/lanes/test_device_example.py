"""examples/device_login.py against a running server, as a newcomer runs it."""

import subprocess
import sys

import pytest

from tests.lanes.server import ROOT, running
from tests.lanes.visitor import Page, Visitor

pytestmark = pytest.mark.processes


def test_the_example_signs_alice_in(tmp_path):
    environment = {"GATEHOUSE_VAR": str(tmp_path), "GATEHOUSE_DATABASE_URL": "", "GATEHOUSE_REDIS_URL": ""}
    with running(tmp_path, **environment) as server:
        client_id = server.demo["clients"]["device"]["client_id"]
        # -I: nothing of this process's environment or installed packages.
        command = [sys.executable, "-I", "-S", str(ROOT / "examples" / "device_login.py"), server.url, client_id]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as example:
            example.stdout.readline()
            alice = Visitor(server.url, server.demo["user"])
            page = alice.walk_to(example.stdout.readline().split()[-1], "/device")
            done = alice.send(page, Page(page.text).form_with("handle"), answer="allow")
            said, failed = example.communicate(timeout=60)

    assert "Allowed. Go back to your device." in done.text
    assert (example.returncode, failed) == (0, "")
    assert said == "Signed in as alice@example.com; the token is good for 3600 seconds.\n"
