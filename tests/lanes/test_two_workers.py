"""Two web processes on one database and one cache: what one decides, the other obeys."""

import os
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.lanes.server import SHARED_SECRETS, running
from tests.lanes.visitor import tokens_of

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    for name in ("GATEHOUSE_DATABASE_URL", "GATEHOUSE_REDIS_URL"):
        assert os.environ.get(name), f"{name} is needed: .ci/run sets it"
    folder = tmp_path_factory.mktemp("two-workers")
    with running(folder, GATEHOUSE_VAR=str(folder), GATEHOUSE_WEB_CONCURRENCY="2", **SHARED_SECRETS) as started:
        yield started


def post(server, endpoint, **body):
    """A connection of its own, so that either process may get it."""
    body = {**server.demo["clients"]["confidential"], **body}
    return httpx.post(f"{server.url}/api/oauth/v1/{endpoint}", json=body)


def profile(server, token):
    return httpx.get(f"{server.url}/auth/v1/profile", headers={"Authorization": f"Bearer {token}"})


def at_once(count, call):
    with ThreadPoolExecutor(8) as pool:
        return [future.result() for future in [pool.submit(call) for _ in range(count)]]


def test_both_processes_know_a_token_and_its_end(server):
    tokens = tokens_of(server)
    assert {answer.status_code for answer in at_once(20, lambda: profile(server, tokens["access_token"]))} == {200}

    assert post(server, "revoke", token=tokens["refresh_token"]).json() == {"success": True}

    assert {answer.status_code for answer in at_once(20, lambda: profile(server, tokens["access_token"]))} == {401}


@pytest.mark.contract("oauth.md", "Rate limits", "across processes")
def test_attack_092_one_limit_holds_for_both_processes_and_no_header_makes_a_new_one(server):
    tokens = tokens_of(server)

    answers = at_once(130, lambda: profile(server, tokens["access_token"]))

    assert sum(answer.status_code == 200 for answer in answers) == 100
    assert sum(answer.status_code == 429 for answer in answers) == 30
    headers = {"Authorization": f"Bearer {tokens['access_token']}", "X-Forwarded-For": "203.0.113.9"}
    assert httpx.get(f"{server.url}/auth/v1/profile", headers=headers).status_code == 429


def test_metrics_add_up_over_both_processes(server):
    before = counted(server)
    at_once(20, lambda: httpx.get(f"{server.url}/.well-known/oauth-authorization-server"))

    assert counted(server) - before == 20


def counted(server):
    route = 'route="/.well-known/oauth-authorization-server",status="200"'
    lines = httpx.get(f"{server.url}/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if "requests_total" in line and route in line)
