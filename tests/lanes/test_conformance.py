"""The official suite of the Model Context Protocol for authorization servers, unmodified, against a running server.

Each of its checks has to be a SUCCESS: no failure, no warning, nothing skipped (docs/decisions/0113).
"""

import json
import subprocess

import httpx
import pytest

from tests.lanes.scripts import NODE
from tests.lanes.server import free_port, running
from tests.lanes.visitor import Visitor

pytestmark = pytest.mark.processes
CHECKS = {"authorization-server-metadata", "authorization-server-metadata-cimd", "authorization-code-grant"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conformance")
    with running(
        folder,
        GATEHOUSE_VAR=str(folder),
        GATEHOUSE_DATABASE_URL="",
        GATEHOUSE_REDIS_URL="",
        GATEHOUSE_REGISTRATION="open",
    ) as started:
        yield started


def node_22():
    """The suite needs Node 22: npm has it, locked by its hash for the machines that CI runs on."""
    (found,) = NODE.glob("node_modules/node-linux-*/bin/node")
    return str(found)


def run_suite(server, folder, client):
    """The suite's return code and the checks it wrote down; alice answers where it asks a person to."""
    port = str(free_port())
    command = [node_22(), "node_modules/@modelcontextprotocol/conformance/dist/index.js", "authorization"]
    command += ["--url", server.url, "--port", port, "-o", str(folder), "--resource", server.url]
    for name, value in client.items():
        command += [f"--{name}", value]
    with subprocess.Popen(command, cwd=NODE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as suite:
        said = []
        for line in suite.stdout:
            said.append(line)
            if line.startswith(f"{server.url}/"):
                httpx.get(Visitor(server.url, server.demo["user"]).allow(line.strip()))
    checks = [check for file in folder.rglob("checks.json") for check in json.loads(file.read_text())]
    return suite.returncode, checks, "".join(said)


def test_mcp_m01_m02_m03_m04_the_suite_finds_no_fault(server, tmp_path):
    client = {"client-id": server.demo["clients"]["public"]["client_id"]}

    code, checks, said = run_suite(server, tmp_path, client)

    assert code == 0, said
    assert {check["id"] for check in checks} == CHECKS, said
    assert [check for check in checks if check["status"] != "SUCCESS"] == []


def test_the_suite_sends_no_secret_to_a_server_that_knows_public_clients(server, tmp_path):
    """Its own choice, not ours: once it sends the secret, this test says so, and confidential joins the one above."""
    asked = {"client_name": "Suite", "redirect_uris": ["http://127.0.0.1/callback"], "client_type": "confidential"}
    made = httpx.post(f"{server.url}/api/oauth/v1/clients/register", json=asked).json()
    client = {"client-id": made["client_id"], "client-secret": made["client_secret"]}

    code, checks, said = run_suite(server, tmp_path, client)

    assert code == 1, said
    faults = [(check["id"], check["errorMessage"]) for check in checks if check["status"] != "SUCCESS"]
    assert faults == [("authorization-code-grant", "Invalid status code: 401")]
