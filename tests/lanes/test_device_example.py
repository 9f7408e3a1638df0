"""examples/device_login.py against a running server, as a newcomer runs it."""

import subprocess
import sys

import pytest

from tests.lanes.server import ROOT, free_port, running
from tests.lanes.visitor import Page, Visitor

pytestmark = pytest.mark.processes
# -I: nothing of this process's environment or installed packages.
EXAMPLE = [sys.executable, "-I", "-S", str(ROOT / "examples" / "device_login.py")]


def test_the_example_signs_alice_in(tmp_path):
    environment = {"GATEHOUSE_VAR": str(tmp_path), "GATEHOUSE_DATABASE_URL": "", "GATEHOUSE_REDIS_URL": ""}
    with running(tmp_path, **environment) as server:
        client_id = server.demo["clients"]["device"]["client_id"]
        with subprocess.Popen(
            [*EXAMPLE, server.url, client_id], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as example:
            example.stdout.readline()
            alice = Visitor(server.url, server.demo["user"])
            page = alice.walk_to(example.stdout.readline().split()[-1], "/device")
            done = alice.send(page, Page(page.text).form_with("handle"), answer="allow")
            said, failed = example.communicate(timeout=60)

    assert "Allowed. Go back to your device." in done.text
    assert (example.returncode, failed) == (0, "")
    assert said == "Signed in as alice@example.com; the token is good for 3600 seconds.\n"


def run(*given):
    return subprocess.run([*EXAMPLE, *given], capture_output=True, text=True, timeout=60, check=False)


def test_help_is_shown_and_one_argument_is_too_few():
    asked, alone = run("--help"), run("https://id.example")

    assert (asked.returncode, alone.returncode) == (0, 2)
    assert "examples/device_login.py https://id.example clf_..." in asked.stdout
    assert (alone.stdout, alone.stderr) == ("", asked.stdout)


def test_a_server_that_is_away_is_said_in_a_line():
    url = f"http://127.0.0.1:{free_port()}"
    refused = run(url, "clf_AAAAAAAAAAAAAAAADevice")

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"No answer from {url}/api/oauth/v1/device_authorization: ")
    assert refused.stderr.count("\n") == 1
