"""Clients made of the OpenAPI document: generated, held against their types, used. None is kept.

In Python by openapi-python-client, in TypeScript by openapi-typescript with openapi-fetch; the collection by newman.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.lanes.scripts import NODE
from tests.lanes.server import SHARED_SECRETS, running
from tests.lanes.visitor import tokens_of

pytestmark = pytest.mark.processes
PYTHON = Path(__file__).parent / "python"
USED = {"status": "paused", "refused": "project_not_found", "accepted": 1, "email": "alice@example.com"}
STRICT = {"strict": True, "module": "nodenext", "target": "es2022", "lib": ["es2022", "dom"], "types": []}
# Of the collection: reads, which find something in a deployment that has only just begun.
FOLDERS = ("Discovery", "Profile", "Partnership: catalog", "Partnership: events", "Partnership: statements")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    with running(folder, GATEHOUSE_VAR=str(folder), **SHARED_SECRETS) as started:
        yield started


@pytest.fixture(scope="module")
def caller(server):
    """What the programs read from the environment."""
    machine, partner = server.demo["clients"]["machine"], server.demo["partners"]["white_label"]
    pair = (machine["client_id"], machine["client_secret"])
    answer = httpx.post(f"{server.url}/api/oauth/v1/token", auth=pair, data={"grant_type": "client_credentials"})
    return {
        "GATEHOUSE": server.url,
        "TOKEN": tokens_of(server)["access_token"],
        "MACHINE_TOKEN": answer.json()["access_token"],
        "PARTNER_ID": partner["id"],
        "PARTNER_SECRET": partner["secret"],
    }


@pytest.fixture
def document(server):
    return httpx.get(f"{server.url}/docs/openapi.json").json()


def run(command: list[object], cwd: Path, **environment: str) -> str:
    words = [str(word) for word in command]
    environment = {**os.environ, **environment}
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def with_one_body(document: dict) -> dict:
    """openapi-python-client 0.29 forgets an import where a call takes its body in several types: one is enough."""
    for methods in document["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            for type_ in list(content)[1:]:
                del content[type_]
    return document


def test_python(document, caller, tmp_path):
    bin_ = tmp_path / "venv" / "bin"
    venv.create(bin_.parent)
    install = [sys.executable, "-m", "pip", "--python", bin_ / "python", "install", "--quiet", "--no-deps"]
    lock = PYTHON / "requirements.lock"
    run([*install, "--require-hashes", "--only-binary", ":all:", "-r", lock], tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(with_one_body(document)))
    generate = [bin_ / "openapi-python-client", "generate", "--path", "openapi.json", "--meta", "none"]
    run(
        [*generate, "--output-path", "gatehouse_client", "--fail-on-warning"],
        tmp_path,
        PATH=f"{bin_}:{os.environ['PATH']}",
    )
    shutil.copy(PYTHON / "typed_client.py", tmp_path)

    mypy = [Path(sys.executable).with_name("mypy"), "--strict", "--follow-imports=silent", "--config-file="]
    run([*mypy, "--python-executable", bin_ / "python", "typed_client.py"], tmp_path)
    said = run([bin_ / "python", "typed_client.py"], tmp_path, **caller)

    assert json.loads(said) == USED


def test_typescript(document, caller, tmp_path):
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    shutil.copy(NODE / "typed-client.ts", tmp_path)
    tools = NODE / "node_modules"
    run(["node", tools / "openapi-typescript/bin/cli.js", "openapi.json", "-o", "api.d.ts"], tmp_path)

    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": STRICT, "files": ["typed-client.ts"]}))
    run(["node", tools / "typescript/bin/tsc"], tmp_path)
    said = run(["node", "typed-client.js"], tmp_path, **caller)

    assert json.loads(said) == USED


def test_the_collection(server, caller, tmp_path):
    collection = httpx.get(f"{server.url}/docs/postman.json")
    (tmp_path / "collection.json").write_bytes(collection.content)
    names = {**caller, "MONTH": f"{datetime.now(UTC):%Y-%m}"}
    command = ["node", NODE / "node_modules/newman/bin/newman.js", "run", "collection.json", "--reporters", "json"]
    command += ["--reporter-json-export", "said.json"]
    command += [word for folder in FOLDERS for word in ("--folder", folder)]
    command += [word for name, value in names.items() for word in ("--env-var", f"{name}={value}")]

    run(command, tmp_path)

    calls = json.loads((tmp_path / "said.json").read_text())["run"]["executions"]
    statuses = {call["item"]["name"]: call["response"]["code"] for call in calls}
    assert len(statuses) >= len(FOLDERS)
    not_closed = [name for name, status in statuses.items() if status == 404]
    assert {name: status for name, status in statuses.items() if status not in (200, 404)} == {}
    assert len(not_closed) <= 1, "but a statement of a month that is not closed"
    assert collection.json()["variable"][0] == {"key": "GATEHOUSE", "value": server.url}
