"""CORS: an answer is readable by the origins of its own client, and by nobody else."""

import pytest
from django.test import Client

from tests.clients import AUTHORIZE, TOKEN

JWKS = "/api/oauth/v1/jwks.json"
ORIGIN = "https://app.acme.example"


@pytest.fixture
def browser_app(acme_app):
    acme_app.application.allowed_origins = f"{ORIGIN} http://localhost:5173"
    acme_app.application.save()
    return acme_app


def preflight(path, origin=ORIGIN):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return Client().options(path, headers=headers)


@pytest.mark.contract("README.md", "Rules for all of them", "8")
@pytest.mark.parametrize("path", [TOKEN, "/api/oauth/v1/revoke", "/auth/v1/profile"])
def test_attack_094_a_preflight_is_answered_for_any_clients_origin(browser_app, path):
    assert preflight(path)["Access-Control-Allow-Origin"] == ORIGIN
    assert "Authorization" in preflight(path)["Access-Control-Allow-Headers"]
    for stranger in ("https://evil.example", "https://app.acme.example.evil.example", "null", "https://app.acme"):
        assert "Access-Control-Allow-Origin" not in preflight(path, stranger)


def test_attack_094_a_refused_client_is_named_too(browser_app, acme_cli):
    """Its own origins may read that its secret was wrong, another client's may not."""
    acme_cli.application.allowed_origins = "https://cli.example"
    acme_cli.application.save()
    body = {"grant_type": "refresh_token", "refresh_token": "x", **browser_app.credentials(), "client_secret": "wrong"}
    for origin, may_read in ((ORIGIN, True), ("https://cli.example", False)):
        refused = Client().post(TOKEN, body, "application/json", headers={"Origin": origin})
        assert (refused.status_code, "Access-Control-Allow-Origin" in refused) == (401, may_read)


@pytest.mark.parametrize("path", ["/.well-known/oauth-authorization-server", "/.well-known/jwks.json", JWKS])
def test_what_is_public_is_readable_from_anywhere_with_any_header(path):
    asked = Client().options(
        path,
        headers={
            "Origin": "https://mcp.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "mcp-protocol-version",
        },
    )
    assert asked.status_code == 204
    assert (asked["Access-Control-Allow-Origin"], asked["Access-Control-Allow-Headers"]) == ("*", "*")


def test_attack_094_a_disabled_clients_origin_is_nobodys(browser_app):
    browser_app.application.is_enabled = False
    browser_app.application.save()
    assert "Access-Control-Allow-Origin" not in preflight(TOKEN)


def test_attack_094_the_answer_is_for_the_clients_own_origin(alice, browser_app, acme_cli):
    browser_app.wire = acme_cli.wire = Client(HTTP_ORIGIN=ORIGIN)
    tokens = browser_app.tokens_for(alice)
    assert tokens.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in tokens.headers["Vary"]
    assert browser_app.profile(tokens["access_token"]).headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in acme_cli.tokens_for(alice).headers


def test_attack_094_refusals_are_readable_by_the_client_too(browser_app):
    browser_app.wire = Client(HTTP_ORIGIN=ORIGIN)
    assert browser_app.refresh("x").headers["Access-Control-Allow-Origin"] == ORIGIN


def test_attack_094_a_page_can_read_that_its_token_has_ended(alice, browser_app, acme_cli):
    token = browser_app.tokens_for(alice)["access_token"]
    browser_app.revoke(token)
    for origin, expected in ((ORIGIN, ORIGIN), ("https://evil.example", None), ("null", None)):
        ended = Client().get("/auth/v1/profile", headers={"Origin": origin, "Authorization": f"Bearer {token}"})
        assert (ended.status_code, ended.get("Access-Control-Allow-Origin")) == (401, expected)
    # Of a client that is known, its own origins alone: in refusals too.
    acme_cli.wire = Client(HTTP_ORIGIN=ORIGIN)
    assert "Access-Control-Allow-Origin" not in acme_cli.refresh("x").headers


@pytest.mark.contract("oauth.md", "Discovery", "CORS")
def test_attack_094_discovery_is_everybodys_without_credentials(db):
    for path in ("/.well-known/oauth-authorization-server", "/api/oauth/v1/jwks.json"):
        response = Client().get(path, headers={"Origin": "https://evil.example"})
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response


def test_attack_094_authorize_is_nobodys(browser_app):
    assert "Access-Control-Allow-Origin" not in preflight(AUTHORIZE)
