"""openid-client as strictly as it can: pushed requests, a key instead of a secret, tokens bound to another key."""

import json

import httpx
import pytest
from jwt.algorithms import ECAlgorithm

from tests.lanes.scripts import run_in_node
from tests.lanes.server import SHARED_SECRETS, running
from tests.lanes.visitor import Visitor
from tests.proofs import Holder, private_key

pytestmark = pytest.mark.processes
CALLBACK = "https://robot.example/callback"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strict-client")
    with running(folder, GATEHOUSE_VAR=str(folder), GATEHOUSE_REGISTRATION="open", **SHARED_SECRETS) as started:
        yield started


@pytest.mark.contract("oauth.md", "token", "private_key_jwt")
@pytest.mark.contract("oauth.md", "Other endpoints under /api/oauth/v1", "DPoP")
@pytest.mark.contract("oauth.md", "Other endpoints under /api/oauth/v1", "POST par")
def test_openid_client_pushes_proves_and_binds(server):
    holder = Holder(number=7)
    metadata = {
        "client_name": "Robot",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": json.loads(holder.jwks),
    }
    registered = httpx.post(f"{server.url}/api/oauth/v1/clients/register", json=metadata).json()
    given = {
        "base_url": server.url,
        "client_id": registered["client_id"],
        "redirect_uri": CALLBACK,
        "private_jwk": {**ECAlgorithm.to_jwk(private_key(7), as_dict=True), "key_ops": ["sign"], "kid": holder.kid},
    }
    said = run_in_node("strict", given, Visitor(server.url, server.demo["user"]))
    assert said["query"] == ["client_id", "request_uri"]
    assert said["token_type"].lower() == "dpop"
    assert said["scope"] == "user:read organizations:read"
    assert said["profile"]["user"]["email"] == "alice@example.com"
    assert (said["after_refresh"], said["borne"], said["after_revoke"]) == (200, 401, 401)
