"""docs/clients.md: its programs, run as they stand there, from the first start to the first call."""

import json
import os
import re
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.lanes.scripts import NODE
from tests.lanes.server import ROOT, SHARED_SECRETS, free_port, running
from tests.lanes.visitor import Visitor

pytestmark = pytest.mark.processes
BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAMS = dict(BLOCK.findall((ROOT / "docs" / "clients.md").read_text()))
FINISHES_WITHIN_SECONDS = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guide")
    with running(folder, GATEHOUSE_VAR=str(folder), **SHARED_SECRETS) as started:
        yield started


@pytest.fixture
def alice(server):
    return Visitor(server.url, server.demo["user"])


@pytest.fixture
def start(server, tmp_path):
    """Starts a program of the guide as one of the demo's clients, in a folder of its own."""
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    started = []

    def start(name, client="confidential", **environment):
        (tmp_path / name).write_text(PROGRAMS[name])
        command = {"sh": ["bash", "-eu"], "py": [sys.executable], "mjs": ["node"]}[name.rpartition(".")[2]]
        held = {key.upper(): value for key, value in server.demo["clients"][client].items()}
        process = subprocess.Popen(
            [*command, name],
            cwd=tmp_path,
            # No browser is opened: alice is the browser.
            env={"PATH": os.environ["PATH"], "BROWSER": "true", "GATEHOUSE": server.url, **held, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def rest_of(process, answer=""):
    said, _ = process.communicate(answer and answer + "\n", timeout=FINISHES_WITHIN_SECONDS)
    assert process.returncode == 0
    return json.loads(said)


def query_of(url):
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_a_public_client_registers_itself_and_a_command_line_signs_in(start, alice):
    made = rest_of(start("register.sh"))
    assert (made["status"], "client_secret" in made) == ("active", False)

    program = start("command_line.py", CLIENT_ID=made["client_id"])
    closing = httpx.get(alice.allow(program.stdout.readline().strip()))

    assert closing.text == "You can close this window."
    assert rest_of(program)["user"]["email"] == "alice@example.com"


@pytest.mark.parametrize("client", ["confidential", "public", "device", "machine"])
def test_the_demos_lines_set_what_the_programs_read(client, server, tmp_path):
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "var").symlink_to(server.log.parent)
    function = re.search(r"^demo\(\) \{.*?\}$", (ROOT / "docs" / "quickstart.md").read_text(), re.MULTILINE | re.DOTALL)
    said = subprocess.run(
        ["bash", "-eu"],
        input=f"{function[0]}\n{PROGRAMS[f'demo_{client}.sh']}env",
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    held = dict(line.partition("=")[::2] for line in said.splitlines())
    expected = {key.upper(): value for key, value in server.demo["clients"][client].items()}
    assert {name: held.get(name) for name in expected} == expected


def test_curl(start, alice):
    program = start("curl.sh")
    callback = alice.allow(program.stdout.readline().strip())
    assert rest_of(program, query_of(callback)["code"])["user"]["email"] == "alice@example.com"


def test_an_agent(start, alice):
    program = start("agent.py")
    callback = alice.allow(program.stdout.readline().strip())
    assert [each["type"] for each in rest_of(program, callback)["organizations"]] == ["personal"]


@pytest.mark.parametrize("name", ["site.py", "express.mjs"])
def test_a_site_signs_alice_in(start, alice, name):
    port = str(free_port())
    start(name, PORT=port)
    browser = httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=30)

    asked = browser.get(f"http://127.0.0.1:{port}/sign-in").headers["Location"]
    signed_in = browser.get(alice.allow(asked))

    assert query_of(asked)["code_challenge_method"] == "S256"
    assert signed_in.json()["user"]["email"] == "alice@example.com"


@pytest.mark.parametrize("name", ["machine.py", "machine.mjs"])
def test_a_machine_sends_an_event(start, server, name):
    partner = server.demo["partners"]["white_label"]
    made = httpx.post(
        f"{server.url}/partnership/v1/{partner['id']}/sync-embedded-project",
        headers={"X-Partnership-Secret": partner["secret"]},
        json={"project_name": f"Shop of {name}", "region": "us-east"},
        timeout=60,
    ).json()

    said = rest_of(start(name, "machine", PROJECT_ID=made["project"]["id"]))

    assert said == {"accepted": 1, "duplicates": 0, "rejected": []}


@pytest.mark.parametrize("name", ["main.go", "application.yml"])
def test_what_is_not_run_names_what_the_server_says(server, name):
    program = PROGRAMS[name]
    metadata = httpx.get(f"{server.url}/.well-known/oauth-authorization-server").json()
    resource = httpx.get(f"{server.url}/.well-known/oauth-protected-resource").json()

    endpoints = {value for key, value in metadata.items() if key.endswith("_endpoint")}
    assert {server.url + path for path in re.findall(r'"(/api/oauth/[^"]+)"', program)} <= endpoints
    scopes = set(re.findall(r"\b[a-z]+:(?:read|write)\b|\bopenid\b|\bemail\b", program))
    assert "user:read" in scopes <= set(resource["scopes_supported"])
    assert set(re.findall(r"client_secret_\w+", program)) == {"client_secret_basic"}
    assert "client_secret_basic" in metadata["token_endpoint_auth_methods_supported"]
    assert set(re.findall(r"S256", program)) <= set(metadata["code_challenge_methods_supported"])
    assert ("issuer-uri: ${GATEHOUSE}" in program) or ("/api/oauth/v1/token" in program)
    assert metadata["issuer"] == server.url
