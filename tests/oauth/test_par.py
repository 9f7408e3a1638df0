"""POST par, and what its request_uri is good for. Source: oauth.md, "Other endpoints"; RFC 9126."""

from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.digests import digest
from oauth_provider.models import PendingAuthorization, PushedRequest
from tests import cast
from tests.clients import AUTHORIZE, CHALLENGE, OAuthClient, answer, sent_back

PAR = "/api/oauth/v1/par"
POST_PAR = pytest.mark.contract("oauth.md", "Other endpoints under /api/oauth/v1", "POST par")


def push(client: OAuthClient, *, form=False, headers=None, **changes):
    values = {
        "response_type": "code",
        "redirect_uri": client.redirect_uri,
        "scope": "user:read",
        "state": "pushed:popup",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **client.credentials(),
        **changes,
    }
    body = {name: value for name, value in values.items() if value is not None}
    if form:
        return answer(client.wire.post(PAR, urlencode(body), content_type="application/x-www-form-urlencoded"))
    return answer(client.wire.post(PAR, body, content_type="application/json", headers=headers))


def pushed(client, **changes):
    """A request_uri."""
    said = push(client, **changes)
    assert said.status == 201, said.body
    return said["request_uri"]


def use(browser, client_id, request_uri, **more):
    """GET authorize, on to the page of the request's own; or the refusal."""
    first = browser.get(AUTHORIZE, {"client_id": client_id, "request_uri": request_uri, **more})
    if first.status_code == 302 and first["Location"].startswith(f"{AUTHORIZE}/"):
        return browser.get(first["Location"])
    return first


@pytest.fixture
def browser(alice):
    return cast.signed_in(alice)


@POST_PAR
@pytest.mark.contract("oauth.md", "token", "no-store")
@pytest.mark.parametrize("form", [False, True])
def test_a_pushed_request_goes_the_whole_way(browser, acme_app, form):
    said = push(acme_app, form=form)
    assert (said.status, said["expires_in"], said.headers["Cache-Control"]) == (201, 60, "no-store")
    assert said["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")

    page = use(browser, acme_app.application.client_id, said["request_uri"])
    back = sent_back(acme_app.allow(browser, page))

    assert back["state"] == "pushed:popup"
    assert acme_app.redeem(back["code"]).status == 200


@POST_PAR
def test_a_public_client_names_itself_and_a_pushed_request_waits_for_the_sign_in(alice, acme_cli):
    stranger = Client()
    page = use(stranger, acme_cli.application.client_id, pushed(acme_cli))
    assert page["Location"].startswith("/accounts/login/")
    stored = PendingAuthorization.objects.get()
    assert "pushed" in stored.query
    assert cast.signed_in(alice).get(f"{AUTHORIZE}/{stored.handle}").status_code == 200


@POST_PAR
def test_only_a_digest_of_the_address_is_kept(acme_app):
    request_uri = pushed(acme_app)
    kept = PushedRequest.objects.get()
    assert bytes(kept.digest) == digest(request_uri)
    assert cast.ACME_SECRET not in kept.query
    assert request_uri.rpartition(":")[2] not in kept.query


def test_attack_080_a_request_is_used_once(browser, acme_app):
    client_id, request_uri = acme_app.application.client_id, pushed(acme_app)
    page = use(browser, client_id, request_uri)
    again = use(browser, client_id, request_uri)
    assert (page.status_code, again.status_code, again.get("Location")) == (200, 400, None)
    assert acme_app.allow(browser, page).status_code == 302


def test_attack_080_a_request_expires(browser, acme_app, later):
    client_id = acme_app.application.client_id
    in_time, late = pushed(acme_app), pushed(acme_app)
    later(seconds=59)
    assert use(browser, client_id, in_time).status_code == 200
    later(seconds=61)
    assert use(browser, client_id, late).status_code == 400


def test_attack_080_a_request_of_another_client(browser, acme_app, acme_cli):
    request_uri = pushed(acme_app)
    stolen = use(browser, acme_cli.application.client_id, request_uri)
    assert (stolen.status_code, stolen.get("Location")) == (400, None)
    assert use(browser, acme_app.application.client_id, request_uri).status_code == 200, "a wrong try burnt it"


def test_attack_080_pushed_values_win(browser, acme_app):
    evil = {"redirect_uri": "https://evil.example", "scope": "projects:write", "state": "evil", "response_type": "x"}
    page = use(browser, acme_app.application.client_id, pushed(acme_app), **evil)
    response = acme_app.allow(browser, page)
    assert response["Location"].startswith(acme_app.redirect_uri)
    assert sent_back(response)["state"] == "pushed:popup"
    assert acme_app.redeem(sent_back(response)["code"])["scope"] == "user:read"


@pytest.mark.parametrize("more", ["&request=ey.ey.", "&request_uri=urn:x", "&client_id=x"])
def test_attack_080_a_request_named_twice(browser, acme_app, more):
    query = f"client_id={acme_app.application.client_id}&request_uri={pushed(acme_app)}{more}"
    refused = browser.get(f"{AUTHORIZE}?{query}")
    assert refused.status_code in (302, 400)
    assert not refused.get("Location", "").startswith(AUTHORIZE)
    assert PendingAuthorization.objects.count() == 0


@pytest.mark.parametrize("name", ["", "unknown", "x" * 43, "%00", "%ff"])
def test_attack_080_a_request_that_never_was(browser, acme_app, name):
    query = f"client_id={acme_app.application.client_id}&request_uri=urn:ietf:params:oauth:request_uri:{name}"
    refused = browser.get(f"{AUTHORIZE}?{query}")
    assert (refused.status_code, refused.get("Location")) == (400, None)


def test_attack_081_a_confidential_client_has_to_prove_itself(acme_app):
    for changes in ({"client_secret": None}, {"client_secret": "wrong"}):
        said = push(acme_app, **changes)
        assert (said.status, said.error) == (401, "invalid_client")
    assert PushedRequest.objects.count() == 0


def test_attack_081_no_request_uri_in_a_pushed_request(acme_app):
    for changes in ({"request_uri": pushed(acme_app)}, {"request_uri": "https://evil.example/request"}):
        said = push(acme_app, **changes)
        assert (said.status, said.error) == (400, "invalid_request")
    assert PushedRequest.objects.count() == 1


@POST_PAR
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example/callback"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "usage:write"}, "invalid_scope"),
        ({"state": None}, "invalid_request"),
        ({"state": "s" * 2049}, "invalid_request"),
        ({"code_challenge": "x" * 42}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"request": "ey.ey."}, "request_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
    ],
)
def test_what_authorize_would_refuse_is_refused_here(acme_app, changes, error):
    said = push(acme_app, **changes)
    assert (said.status, said.error) == (400, error)
    assert PushedRequest.objects.count() == 0


@POST_PAR
def test_a_machine_asks_nobody(meter):
    said = push(meter, redirect_uri="https://meter.example", scope="usage:write")
    assert (said.status, said.error) == (400, "invalid_request")


@POST_PAR
@pytest.mark.parametrize("state", ["?:@/'\"\\^`{|}~<>" * 136, "a b&c=d%41+#é", "x" * 2048])
def test_a_state_comes_back_as_it_was_pushed(browser, acme_app, state):
    page = use(browser, acme_app.application.client_id, pushed(acme_app, state=state))
    assert sent_back(acme_app.allow(browser, page))["state"] == state


@POST_PAR
def test_a_client_switched_off_since(browser, acme_app):
    request_uri = pushed(acme_app)
    acme_app.application.is_enabled = False
    acme_app.application.save()
    assert use(browser, acme_app.application.client_id, request_uri).status_code == 400
    assert push(acme_app).status == 401


@POST_PAR
def test_requests_are_limited_and_their_rest_is_told(acme_app, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "par": (1, 60)}
    assert "RateLimit" in push(acme_app).headers
    refused = push(acme_app)
    assert (refused.status, refused.error) == (429, "temporarily_unavailable")


def test_attack_098_pushed_requests_are_advertised(db):
    metadata = Client().get("/.well-known/oauth-authorization-server").json()
    assert metadata["pushed_authorization_request_endpoint"].endswith(PAR)
    assert metadata["require_pushed_authorization_requests"] is False
