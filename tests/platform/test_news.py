"""platform.md: what deployed clients tell and ask beside their projects."""

import pytest
from django.test import Client
from prometheus_client import REGISTRY

PATH = "/tracking/v1/agent-connected"


def connected():
    return REGISTRY.get_sample_value("gatehouse_agents_connected_total") or 0


@pytest.mark.contract("platform.md", "Projects", "agent-connected")
def test_an_agent_is_counted_by_any_token_and_any_body(token_of, alice, stranger):
    before = connected()
    reader = token_of(alice, "user:read")

    for body in (None, {"agent": "x"}, "{", "[1]"):
        answer = reader.post(PATH, body)
        assert (answer.status, answer.body) == (204, {})

    assert stranger.post(PATH).status == 401
    assert (connected() - before, reader.get(PATH).status) == (4, 405)


@pytest.mark.contract("platform.md", "Projects", "latest-version")
def test_the_newest_version_is_public_and_a_setting(db, settings):
    settings.LATEST_SERVICE_VERSION = "v2.3.0"
    answer = Client().get("/platform/insforge/latest-version")
    assert (answer.status_code, answer.json()) == (200, {"version": "v2.3.0", "cached": False})
    assert Client().post("/platform/insforge/latest-version").status_code == 401
