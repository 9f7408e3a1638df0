"""Schemathesis over the API reference, against a real server: no 500, nothing that the reference does not know.

The run has a database of its own, so that what the fuzz makes and breaks is nobody else's, and
knows a few things that are really there: half of the calls name one of those. The seed is fixed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.clients import CHALLENGE, VERIFIER
from tests.lanes import database
from tests.lanes.server import ROOT, SHARED_SECRETS, Server, running
from tests.lanes.visitor import Visitor

pytestmark = pytest.mark.processes

MAX_EXAMPLES = 8
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
# The limits are true of the demo too; here they would only make every answer a 429.
NO_LIMITS = "profile=1000000/60,token=1000000/60,client_failure=1000000/60"
LIFT_PARTNERS_LIMIT = "from partnership.models import Partner; Partner.objects.update(requests_per_minute=1_000_000)"


@dataclass
class Caller:
    """Who asks, which part of the document is theirs, and what they know to be there."""

    headers: dict[str, str]
    paths: str
    known: dict[str, list[str]] = field(default_factory=dict)
    doomed: dict[str, dict[str, str]] = field(default_factory=dict)  # by the call that deletes it

    def as_toml(self) -> str:
        lines = ["[headers]", *(f"{name} = {json.dumps(value)}" for name, value in self.headers.items())]
        for name, values in self.known.items():
            lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
        lines.append("[parameters]")
        for name in self.known:
            often = 1.0 if name == "partner_id" else 0.5
            lines.append(f'"path.{name}" = {{ dictionary = "{name}", probability = {often} }}')
        for call, parameters in self.doomed.items():
            lines += ["[[operations]]", f'include-operation-id = "{call}"', "[operations.parameters]"]
            lines += [f'"path.{name}" = {json.dumps(value)}' for name, value in parameters.items()]
        return "\n".join(lines)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    for name in ("GATEHOUSE_DATABASE_URL", "GATEHOUSE_REDIS_URL"):
        assert os.environ.get(name), f"{name} is needed: .ci/run sets it"
    host, _, name = os.environ["GATEHOUSE_DATABASE_URL"].rpartition("/")
    own, folder = f"{name}_fuzz", tmp_path_factory.mktemp("fuzz")
    environment = {
        "GATEHOUSE_VAR": str(folder),
        "GATEHOUSE_DATABASE_URL": f"{host}/{own}",
        "GATEHOUSE_RATE_LIMITS": NO_LIMITS,
        **SHARED_SECRETS,
    }
    database.main("create", host, own)
    try:
        with running(folder, **environment) as started:
            manage = (sys.executable, "manage.py", "shell", "-v", "0", "-c", LIFT_PARTNERS_LIMIT)
            profile = {"GATEHOUSE_PROFILE": "embedded"}
            subprocess.run(manage, cwd=ROOT, env={**os.environ, **profile, **environment}, check=True)
            yield started
    finally:
        database.main("drop", host, own)


@pytest.fixture
def globex(server):
    """The demo's white-label partner, who has a few projects and webhooks, and some to lose."""
    partner, ask = partner_of(server, "white_label")
    projects = [ask("sync-embedded-project", project_name=f"Shop {number}") for number in range(4)]
    ids = [made["project"]["id"] for made in projects]
    hooks = [ask("webhooks", url=f"https://hooks.example/{number}")["webhook"]["id"] for number in range(3)]
    started = ask(f"{ids[0]}/restart")["operation_id"]
    return Caller(
        {"X-Partnership-Secret": partner["secret"]},
        "^/partnership/",
        {"partner_id": [partner["id"]], "project_id": ids[:-1], "webhook_id": hooks[:-1], "operation_id": [started]},
        {"white_label_delete": {"project_id": ids[-1]}, "webhooks_webhook_detail_delete": {"webhook_id": hooks[-1]}},
    )


@pytest.fixture
def acme(server):
    """The demo's co-branded partner, with a linked person who has a project."""
    partner, ask = partner_of(server, "co_branded")
    user = ask("connect-user", name="Carol", email="carol@example.com")["account"]["id"]
    project = ask(f"{user}/sync-project", project_name="Blog")["project"]["id"]
    known = {"partner_id": [partner["id"]], "user_id": [user], "project_id": [project]}
    return Caller({"X-Partnership-Secret": partner["secret"]}, r"connect-user|\{user_id\}", known)


@pytest.fixture
def alice(server):
    """The demo's person with an access token of the demo's web application."""
    token = new_token(server)
    wire = httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    (organization,) = [each["id"] for each in wire.get("/organizations/v1").json()["organizations"]]
    projects = [
        wire.post(f"/organizations/v1/{organization}/projects", json={"name": name}).json()["project"]["id"]
        for name in ("Blog", "Doomed")
    ]
    return Caller(
        {"Authorization": f"Bearer {token}"},
        "^/(organizations|projects|tracking|auth|platform)/",
        {"organization_id": [organization], "project_id": projects[:1]},
        {"platform_project_detail_delete": {"project_id": projects[-1]}},
    )


@pytest.fixture
def stranger():
    """Everybody: the token endpoints, and what is public."""
    return Caller({}, "^/(api/oauth/v1/(token|revoke|userinfo|jwks)|.well-known/)")


def partner_of(server: Server, kind: str):
    partner = server.demo["partners"][kind]

    def ask(path: str, **body: object) -> dict[str, dict[str, str]]:
        url = f"{server.url}/partnership/v1/{partner['id']}/{path}"
        answer = httpx.post(url, json=body, headers={"X-Partnership-Secret": partner["secret"]}, timeout=40)
        return answer.raise_for_status().json()

    return partner, ask


def new_token(server: Server) -> str:
    client = server.demo["clients"]["confidential"]
    query = {
        "response_type": "code",
        "client_id": client["client_id"],
        "redirect_uri": client["redirect_uri"],
        "scope": "user:read organizations:read projects:read projects:write",
        "state": "fuzz",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    callback = Visitor(server.url, server.demo["user"]).allow(f"{server.url}/api/oauth/v1/authorize?{urlencode(query)}")
    body = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(callback).query)["code"][0],
        "code_verifier": VERIFIER,
        **client,
    }
    return httpx.post(f"{server.url}/api/oauth/v1/token", json=body).json()["access_token"]


def fuzz(server: Server, caller: Caller, folder: Path) -> subprocess.CompletedProcess[str]:
    settings = folder / "schemathesis.toml"
    settings.write_text(caller.as_toml())
    st = Path(sys.executable).with_name("st")
    command = [st, "--config-file", settings, "--no-color", "run", f"{server.url}/docs/openapi.json"]
    command += ["--include-path-regex", caller.paths, "--phases", "coverage,fuzzing", "--checks", ",".join(CHECKS)]
    command += ["--max-examples", str(MAX_EXAMPLES), "--seed", "1", "--no-shrink", "--continue-on-failure"]
    command += ["--generation-database", "none", "--workers", "1", "--max-redirects", "0", "--warnings", "off"]
    command += ["--request-timeout", "40", "--suppress-health-check", "all"]
    return subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("who", ["globex", "acme", "alice", "stranger"])
def test_nothing_is_answered_that_the_reference_does_not_know(server, who, request, tmp_path):
    caller = request.getfixturevalue(who)

    found = fuzz(server, caller, tmp_path)

    assert found.returncode == 0, found.stdout[-12_000:] + found.stderr[-2_000:]
    assert "unexpected" not in server.log.read_text()
    assert httpx.get(f"{server.url}/readyz").status_code == 200
