"""GET, PUT and DELETE clients/register/:client_id (RFC 7592), and what a change does to people and staff."""

import pytest
from django.test import Client
from django.utils import timezone

from oauth_provider import clients, registration, registration_queue
from oauth_provider.errors import InvalidToken
from oauth_provider.models import Application, Consent, Registration
from tests import cast
from tests.clients import OAuthClient, answer, sent_back
from tests.oauth.test_registration import CALLBACK, CONTRACT, REGISTER, RFC_7591, authorize, bearer, register, token_of

LOOPBACK = "http://127.0.0.1:49152/callback"


@pytest.fixture
def agent(db):
    """A public client on loopback that registered itself: the answer it got."""
    return register(RFC_7591)


@pytest.fixture
def bookshelf(alice, acme_cli, settings):
    """A confidential client that alice registered and staff approved."""
    settings.REGISTRATION = "staff"
    made = register(CONTRACT, token_of(alice, acme_cli))
    registration_queue.approve(row_of(made), None, timezone.now())
    return made


def row_of(made):
    return Registration.objects.get(application__client_id=made["client_id"])


def client_of(made, redirect_uri=""):
    return OAuthClient(row_of(made).application, made.body.get("client_secret"), redirect_uri=redirect_uri)


def call(method, made, body=None, token=None, client_id=None):
    path = f"{REGISTER}/{client_id or made['client_id']}"
    headers = bearer(made["registration_access_token"] if token is None else token)
    return answer(getattr(Client(), method)(path, body, content_type="application/json", headers=headers))


def metadata(made, **changes):
    """What the client has now, as it would send it back."""
    kept = call("get", made).body
    return {name: value for name, value in {**kept, **changes}.items() if value is not None}


@pytest.mark.contract("oauth.md", "Other endpoints under /api/oauth/v1", "clients/register/:client_id")
def test_the_client_reads_its_registration_but_no_secret(bookshelf):
    shown = call("get", bookshelf)
    assert (shown.status, shown.headers["Cache-Control"]) == (200, "no-store")
    given = {key: value for key, value in bookshelf.body.items() if not key.startswith("client_secret")}
    assert shown.body == {**given, "status": "active"}


def test_the_applicant_reads_how_far_it_is(alice, acme_cli, settings):
    settings.REGISTRATION = "staff"
    made = register(CONTRACT, token_of(alice, acme_cli))
    assert call("get", made)["status"] == "pending"
    registration_queue.refuse(row_of(made), "We do not know you.", None, timezone.now())
    shown = call("get", made)
    assert (shown["status"], shown["status_reason"]) == ("refused", "We do not know you.")
    registration_queue.approve(row_of(made), None, timezone.now())
    assert (call("get", made)["status"], "status_reason" in call("get", made).body) == ("active", False)
    clients.disable(row_of(made).application, timezone.now())
    assert call("get", made)["status"] == "disabled"


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_strangers_and_other_clients_learn_nothing(agent, bookshelf, alice, acme_cli, method):
    person = token_of(alice, acme_cli)
    for token in ("", "wrong", bookshelf["registration_access_token"], person):
        refused = call(method, agent, metadata(agent), token)
        unknown = call(method, agent, metadata(agent), token, "clf_" + "x" * 22)
        assert (refused.status, refused.error) == (401, "invalid_token")
        assert refused.body == unknown.body
    assert call("get", agent).status == 200


def test_a_registration_token_opens_nothing_else(agent):
    profile = Client().get("/auth/v1/profile", headers=bearer(agent["registration_access_token"]))
    assert profile.status_code == 401


def test_a_change_keeps_the_token_and_replaces_everything_else(agent):
    body = metadata(agent, client_name="Agent Two", policy_uri=None, software_version="2.0")
    changed = call("put", agent, body)
    assert (changed.status, changed["registration_access_token"]) == (200, agent["registration_access_token"])
    assert (changed["client_name"], changed["software_version"], changed["status"]) == ("Agent Two", "2.0", "active")
    assert "policy_uri" not in changed.body
    assert row_of(agent).application.name == "Agent Two"
    assert call("put", agent, body).body == changed.body


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": None}, "invalid_request"),
        ({"client_id": "clf_" + "x" * 22}, "invalid_request"),
        ({"client_secret": "of my own"}, "invalid_request"),
        ({"redirect_uris": ["http://evil.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": None}, "invalid_redirect_uri"),
        ({"client_name": None, "name": None}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "client_secret_post", "client_type": None}, "invalid_client_metadata"),
        ({"software_statement": "x"}, "unapproved_software_statement"),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(agent, changes, error):
    before = call("get", agent).body
    refused = call("put", agent, metadata(agent, **changes))
    assert (refused.status, refused.error) == (400, error)
    assert call("get", agent).body == before


def test_its_own_secret_may_come_along(bookshelf):
    assert call("put", bookshelf, metadata(bookshelf, client_secret=bookshelf["client_secret"])).status == 200


def test_what_staff_approved_waits_again_when_it_becomes_something_else(bookshelf, alice):
    client = client_of(bookshelf)
    tokens = client.tokens_for(alice)
    for changes in ({"client_name": "Bank", "name": "Bank"}, {"redirect_uris": [CALLBACK, "https://evil.example/"]}):
        changed = call("put", bookshelf, metadata(bookshelf, **changes))
        assert changed["status"] == "pending"
        assert authorize(bookshelf["client_id"]).status_code == 400
        assert client.profile(tokens["access_token"]).status == 401
        registration_queue.approve(row_of(bookshelf), None, timezone.now())
        assert client.refresh(tokens["refresh_token"]).error == "invalid_grant"
        tokens = client.tokens_for(alice)


def test_more_scopes_wait_and_fewer_do_not(bookshelf, alice):
    client = client_of(bookshelf)
    tokens = client.tokens_for(alice)
    fewer = metadata(bookshelf, scope="user:read", allowed_scopes=["user:read"])
    assert call("put", bookshelf, fewer)["status"] == "active"
    assert client.profile(tokens["access_token"]).status == 200
    more = metadata(bookshelf, scope="user:read projects:write", allowed_scopes=None)
    assert call("put", bookshelf, more)["status"] == "pending"


def test_the_verified_badge_goes_with_the_name_it_was_given_for(bookshelf):
    Application.objects.filter(client_id=bookshelf["client_id"]).update(is_verified=True)
    call("put", bookshelf, metadata(bookshelf, software_version="2"))
    assert row_of(bookshelf).application.is_verified
    call("put", bookshelf, metadata(bookshelf, client_name="Bank", name=None))
    assert not row_of(bookshelf).application.is_verified


def test_attack_090_new_addresses_do_not_inherit_old_consents(alice, settings):
    settings.REGISTRATION = "open"
    made = register(CONTRACT)
    client = client_of(made)
    client.tokens_for(alice)
    browser = cast.signed_in(alice)
    assert client.ask(browser).status_code == 302  # remembered
    call("put", made, metadata(made, redirect_uris=[CALLBACK, "https://other.example/callback"]))
    for uri in (CALLBACK, "https://other.example/callback"):
        assert OAuthClient(client.application, redirect_uri=uri).ask(browser).status_code == 200
    assert Consent.objects.get().is_remembered is False
    client.allow(browser, client.ask(browser))
    assert client.ask(browser).status_code == 302


def test_who_was_refused_may_mend_it_and_waits(agent):
    row = row_of(agent)
    Registration.objects.filter(pk=row.pk).update(state="pending", decided_at=None)
    registration_queue.refuse(row_of(agent), "Say what it is for.", None, timezone.now())
    changed = call("put", agent, metadata(agent, client_name="Agent of Acme"))
    assert (changed["status"], "status_reason" in changed.body) == ("pending", False)


def test_a_client_that_staff_switched_off_changes_nothing(agent):
    clients.disable(row_of(agent).application, timezone.now())
    refused = call("put", agent, metadata(agent, client_name="Back again"))
    assert (refused.status, refused.error) == (403, "access_denied")
    assert call("get", agent)["status"] == "disabled"


def test_a_client_takes_itself_away_and_its_tokens_end(agent, alice):
    client = client_of(agent, LOOPBACK)
    tokens = client.tokens_for(alice)
    assert call("delete", agent).status == 204
    assert client.profile(tokens["access_token"]).status == 401
    assert client.refresh(tokens["refresh_token"]).error == "invalid_client"
    assert row_of(agent).state == "ended"
    for method in ("get", "delete"):
        assert call(method, agent).status == 401


def test_one_that_nobody_used_leaves_nothing(agent):
    assert call("delete", agent).status == 204
    assert not Application.objects.filter(client_id=agent["client_id"]).exists()
    assert not Registration.objects.exists()


def test_the_slower_of_two_that_take_a_client_away_finds_it_gone(agent):
    first, second = (registration.find(agent["client_id"], agent["registration_access_token"]) for _ in range(2))
    registration.end(first, timezone.now())
    registration.end(second, timezone.now())
    assert not Registration.objects.exists()


@pytest.mark.parametrize("was_used", [False, True])
def test_a_change_that_comes_after_the_end_is_a_strangers(agent, alice, was_used):
    if was_used:
        client_of(agent, LOOPBACK).tokens_for(alice)
    known = registration.find(agent["client_id"], agent["registration_access_token"])
    changed = metadata(agent)
    registration.end(known, timezone.now())
    with pytest.raises(InvalidToken) as refused:
        registration.change(known, changed, timezone.now())
    assert 'error="invalid_token"' in refused.value.headers["WWW-Authenticate"]


def test_management_counts_against_the_limit_too(agent, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "registration": (2, 3600)}
    assert [call("get", agent).status for _ in range(3)][-1] == 429


def test_attack_028_a_client_asks_for_no_more_while_its_page_is_open(alice, settings):
    settings.REGISTRATION = "open"
    made = register({**RFC_7591, "scope": "openid projects:write"})
    browser, client = cast.signed_in(alice), client_of(made, LOOPBACK)
    page = client.ask(browser, scope=None)
    assert call("put", made, metadata(made, scope="projects:write", allowed_scopes=None)).status == 200
    answered = sent_back(client.allow(browser, page))
    assert (answered["error"], Consent.objects.exists()) == ("invalid_scope", False)
