"""GET and POST userinfo. Source: oauth.md, "Other endpoints"; OpenID Connect Core section 5.3."""

import pytest
from django.test import Client

from tests import cast
from tests.clients import OAuthClient, answer
from tests.oauth.openid import OPENID_SCOPES

USERINFO = "/api/oauth/v1/userinfo"
ROW = ("oauth.md", "Other endpoints under /api/oauth/v1", "userinfo")
ORIGIN = "https://portal.example"

pytestmark = pytest.mark.contract(*ROW)


@pytest.fixture
def portal(db):
    application = cast.web_application("Portal", allowed_scopes=OPENID_SCOPES, allowed_origins=ORIGIN)
    return OAuthClient(application, cast.ACME_SECRET)


def ask(token, method="GET", **headers):
    return answer(Client().generic(method, USERINFO, headers={"Authorization": f"Bearer {token}", **headers}))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_says_what_the_scopes_open(alice, portal, method):
    token = portal.tokens_for(alice, scope="openid profile email")["access_token"]
    said = ask(token, method)
    assert (said.status, said.headers["Cache-Control"]) == (200, "no-store")
    assert said.body == {
        "sub": str(alice.pk),
        "name": "Alice Example",
        "email": "alice@example.com",
        "email_verified": True,
    }


@pytest.mark.parametrize(("scope", "names"), [("openid", {"sub"}), ("openid profile", {"sub", "name"})])
def test_it_says_no_more_than_was_granted(alice, portal, scope, names):
    assert set(ask(portal.tokens_for(alice, scope=scope)["access_token"]).body) == names


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_is_challenged_in_the_oauth_dialect(db, method):
    said = answer(Client().generic(method, USERINFO))
    assert (said.status, said.error) == (401, "invalid_token")
    assert said["message"] == said["error_description"]
    assert (
        'resource_metadata="http://localhost:8000/.well-known/oauth-protected-resource/api/oauth/v1/userinfo"'
        in (said.headers["WWW-Authenticate"])
    )


def test_a_token_in_a_form_is_not_read(alice, portal):
    """RFC 6750 section 2.2 is optional, and not advertised (attack 73 for the query)."""
    token = portal.tokens_for(alice, scope="openid")["access_token"]
    assert Client().post(USERINFO, {"access_token": token}).status_code == 401


def test_without_openid_it_is_403_and_says_what_is_missing(alice, portal):
    said = ask(portal.tokens_for(alice, scope="user:read")["access_token"])
    assert (said.status, said.error) == (403, "insufficient_scope")
    assert 'scope="openid"' in said.headers["WWW-Authenticate"]


def test_a_machine_is_nobody(meter):
    token = meter.post_token(grant_type="client_credentials")["access_token"]
    assert ask(token).status == 403


def test_an_ended_token_and_an_id_token_are_401(alice, portal):
    tokens = portal.tokens_for(alice, scope="openid")
    assert ask(tokens["id_token"]).status == 401
    portal.revoke(tokens["refresh_token"])
    assert ask(tokens["access_token"]).status == 401


def test_only_the_clients_own_origin_may_read_it(alice, portal):
    token = portal.tokens_for(alice, scope="openid")["access_token"]
    assert ask(token, Origin=ORIGIN).headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in ask(token, Origin="https://evil.example").headers
    asking = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    assert Client().options(USERINFO, headers=asking)["Access-Control-Allow-Origin"] == ORIGIN
