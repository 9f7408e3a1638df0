"""Client libraries from the registries, unmodified, from sign-in to revocation against a running server."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from authlib.integrations.httpx_client import OAuth2Client

from tests.lanes.server import SHARED_SECRETS, running
from tests.lanes.visitor import Visitor

pytestmark = pytest.mark.processes
NODE = Path(__file__).parent / "node"
SCOPE = "user:read organizations:read"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real-clients")
    # Without their own: the lane says what runs on SQLite, and CI runs it on PostgreSQL too.
    with running(folder, GATEHOUSE_VAR=str(folder), **SHARED_SECRETS) as started:
        yield started


@pytest.fixture(params=["confidential", "public"])
def client(request, server):
    held = dict(server.demo["clients"][request.param])
    if request.param == "public":
        held["redirect_uri"] = "http://127.0.0.1:53123/callback"
    return {"base_url": server.url, **held}


@pytest.fixture
def alice(server):
    return Visitor(server.url, server.demo["user"])


def check(result):
    assert result["scope"] == SCOPE
    assert result["profile"]["user"]["email"] == "alice@example.com"
    assert (result["after_refresh"], result["after_revoke"]) == (200, 401)


@pytest.mark.parametrize("library", ["openid-client", "oauth4webapi", "simple-oauth2"])
def test_a_node_library_goes_the_whole_way(library, client, alice):
    assert shutil.which("node"), "node is needed: .ci/run installs it"
    with subprocess.Popen(
        ["node", f"{library}.mjs", json.dumps(client)],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as script:
        first = script.stdout.readline()
        if not first:
            pytest.fail(script.stderr.read()[-3000:])
        callback = alice.allow(json.loads(first)["authorize"])
        out, failure = script.communicate(callback + "\n", timeout=60)

    assert script.returncode == 0, failure[-3000:]
    check(json.loads(out)["result"])


def test_authlib_goes_the_whole_way(client, alice):
    api = f"{client['base_url']}/api/oauth/v1"
    profile_url = f"{client['base_url']}/auth/v1/profile"
    session = OAuth2Client(
        client["client_id"],
        client.get("client_secret"),
        token_endpoint_auth_method="client_secret_basic" if "client_secret" in client else "none",
        scope=SCOPE,
        redirect_uri=client["redirect_uri"],
        code_challenge_method="S256",
    )
    verifier = "authlib-" + "v" * 40
    url, state = session.create_authorization_url(f"{api}/authorize", code_verifier=verifier)

    callback = alice.allow(url)
    token = session.fetch_token(f"{api}/token", authorization_response=callback, state=state, code_verifier=verifier)
    profile = session.get(profile_url).json()
    refreshed = session.refresh_token(f"{api}/token", refresh_token=token["refresh_token"])
    after_refresh = session.get(profile_url).status_code
    session.revoke_token(f"{api}/revoke", token=refreshed.get("refresh_token", token["refresh_token"]))
    session.token = dict(refreshed)

    after_revoke = session.get(profile_url).status_code
    check({"scope": token["scope"], "profile": profile, "after_refresh": after_refresh, "after_revoke": after_revoke})
