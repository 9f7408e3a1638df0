"""Quickstart, recipes, webhooks and the reference's examples: run as they stand there, against a running server."""

import json
import os
import re
import subprocess
import sys
import uuid
from datetime import UTC, datetime

import httpx
import pytest

from config.api_reference import document
from config.call_samples import operations
from partnership import signatures
from tests.lanes.server import ROOT, SHARED_SECRETS, running
from tests.lanes.visitor import tokens_of

pytestmark = pytest.mark.processes
BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAMS = {
    name: program
    for document_ in ("quickstart", "recipes", "webhooks")
    for name, program in BLOCK.findall((ROOT / "docs" / f"{document_}.md").read_text())
}
SAMPLES = {
    operation["operationId"]: {each["label"]: each["source"] for each in operation["x-codeSamples"]}
    for _path, _method, operation in operations(document())
}
COMMANDS = {"curl": ["bash", "-eu"], "Python": [sys.executable], "JavaScript": ["node", "--input-type=module"]}
SECRET = "whsec_" + "A" * 43 + "="


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("developers")
    (folder / "var").mkdir()
    with running(folder, GATEHOUSE_VAR=str(folder / "var"), **SHARED_SECRETS) as started:
        yield started


@pytest.fixture(scope="module")
def folder(server):
    """As after `make run`: the folder in which the quickstart's lines look for the demo."""
    folder = server.log.parent
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


@pytest.fixture(scope="module")
def caller(server, folder):
    """What the quickstart puts into the environment, and a project to ask about."""
    listed = run(["bash", "-eu"], PROGRAMS["demo.sh"] + "env", folder)
    names = ("GATEHOUSE", "CLIENT_ID", "CLIENT_SECRET", "PARTNER_ID", "PARTNER_SECRET")
    held = {name: value for name, _, value in (line.partition("=") for line in listed.splitlines()) if name in names}
    made = json.loads(run(["bash", "-eu"], PROGRAMS["create_project.sh"], folder, **held))
    return {**held, "PROJECT_ID": made["project"]["id"]}


def run(command, program, folder, **environment):
    environment = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run(
        command, input=program, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_first_calls(folder, caller, server):
    catalog = json.loads(run(["bash", "-eu"], PROGRAMS["catalog.sh"], folder, **caller))
    token = json.loads(run(["bash", "-eu"], PROGRAMS["token.sh"], folder, **caller))

    assert caller["GATEHOUSE"] == server.url
    assert catalog["regions"]
    assert token["token_type"] == "Bearer"


def test_usage_is_sent_and_counted(folder, caller):
    assert run([sys.executable], PROGRAMS["send_usage.py"], folder, **caller) == "counted: 2\n"


def test_a_bill_is_read_or_said_to_be_missing(folder, caller):
    listed = httpx.get(
        f"{caller['GATEHOUSE']}/partnership/v1/{caller['PARTNER_ID']}/statements",
        headers={"X-Partnership-Secret": caller["PARTNER_SECRET"]},
    ).json()["statements"]
    program = subprocess.run(
        [sys.executable, "-c", PROGRAMS["read_bill.py"]],
        env={"PATH": os.environ["PATH"], **caller},
        capture_output=True,
        text=True,
        check=False,
    )

    told = program.stdout.split() if listed else [program.stderr.strip()]
    assert told == ([listed[0]["month"], listed[0]["digest"]] if listed else ["No month is closed yet."])


def test_a_webhook_is_registered(folder, caller):
    made = json.loads(run(["bash", "-eu"], PROGRAMS["register_webhook.sh"], folder, **caller))
    assert made["webhook"]["secret"].startswith("whsec_")


# Each says "good", or why not.
CALLED = {
    "verify_webhook.py": """
import json, sys
secret, headers, body = json.loads(sys.argv[1])
try:
    verify(secret, headers, body.encode())
    print("good")
except ValueError as why:
    print(why)
""",
    "verify_webhook.mjs": """
const [secret, headers, body] = JSON.parse(process.argv[2]);
try { verify(secret, headers, Buffer.from(body)); console.log("good"); }
catch (why) { console.log(why.message); }
""",
}


@pytest.mark.parametrize("name", CALLED)
@pytest.mark.parametrize(
    ("said", "change"),
    [
        ("good", {}),
        ("good", {"also": ["whsec_" + "B" * 43 + "="]}),
        ("forged", {"secret": "whsec_" + "C" * 43 + "="}),
        ("forged", {"body": '{"type": "project.deleted"}'}),
        ("too old", {"now": datetime(2026, 1, 31, tzinfo=UTC)}),
    ],
)
def test_the_lines_that_verify_a_webhook(name, said, change, tmp_path):
    body = '{"type": "project.created", "data": {"name": "Straße"}}'
    signed_by = [*change.get("also", []), SECRET]
    headers = signatures.headers("evt_1", body.encode(), signed_by, change.get("now", datetime.now(UTC)))
    given = json.dumps([change.get("secret", SECRET), headers, change.get("body", body)])
    program = tmp_path / name
    program.write_text(PROGRAMS[name] + CALLED[name])

    told = run([sys.executable if name.endswith(".py") else "node", program, given], "", tmp_path)

    assert told == f"{said}\n"


@pytest.mark.parametrize("language", COMMANDS)
def test_examples_of_the_reference(language, server, folder, caller):
    machine = json.loads(run(COMMANDS[language], SAMPLES["token"][language], folder, **caller))
    event = {"EVENT_ID": str(uuid.uuid4()), "TIME": datetime.now(UTC).isoformat(), "TOKEN": machine["access_token"]}

    def ask(name, **more):
        return json.loads(run(COMMANDS[language], SAMPLES[name][language], folder, **caller, **more))

    assert ask("ingest_events", **event)["accepted"] == 1
    assert ask("profile", TOKEN=tokens_of(server)["access_token"])["user"]["email"] == "alice@example.com"
    assert ask("white_label_sync_embedded_project")["project"]["id"] == caller["PROJECT_ID"]
    assert ask("partner_usage_events", DAY=f"{datetime.now(UTC):%Y-%m-%d}")["events"]
