"""Clients described by a document at their id (docs/attacks.md, rows 10, 35, 89, 90; M7, M14 to M19)."""

import json
import socket
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from oauth_provider import client_documents, clients, registration_queue
from oauth_provider.models import Application, Consent, DocumentHost, Registration
from tests import cast, receivers
from tests.clients import AUTHORIZE, CHALLENGE, OAuthClient, sent_back
from tests.oauth.test_registration import REGISTER, answer, bearer

LOOPBACK = "http://127.0.0.1:49152/callback"
REMOTE = "https://agent.example/callback"


class Publisher:
    """A server on this machine that publishes a client's document."""

    def __init__(self, receiver):
        self.receiver = receiver
        self.url = f"http://127.0.0.1:{receiver.port}/client.json"
        self.document = {
            "client_id": self.url,
            "client_name": "Agent",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            "client_uri": "https://agent.example/",
            "logo_uri": "https://agent.example/logo.png",
        }
        self.publish()

    def publish(self, headers=None, **changes):
        self.document = {key: value for key, value in {**self.document, **changes}.items() if value is not None}
        self.answer(json.dumps(self.document).encode(), **(headers or {}))

    def answer(self, body, status=200, **headers):
        self.receiver.behave = receivers.status(status, body, **{"Content-Type": "application/json", **headers})

    @property
    def fetches(self):
        return len(self.receiver.got)

    @property
    def application(self):
        return Application.objects.get(client_id=self.url)

    def client(self, redirect_uri=LOOPBACK):
        return OAuthClient(self.application, redirect_uri=redirect_uri)

    def ask(self, browser=None, redirect_uri=LOOPBACK, client_id=None):
        return ask(client_id or self.url, browser, redirect_uri)


def ask(client_id, browser=None, redirect_uri=LOOPBACK):
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": "user:read",
        "state": "the-state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return (browser or Client()).get(f"{AUTHORIZE}?{urlencode(query)}")


@pytest.fixture
def agent(db):
    with receivers.receiving() as receiver:
        yield Publisher(receiver)


@pytest.fixture
def staff_approve(settings):
    settings.CLIENT_DOCUMENTS = "staff"


@pytest.fixture
def anybody(settings):
    settings.CLIENT_DOCUMENTS = "open"


def registration():
    return Registration.objects.get()


def refused(response, *words):
    """A page that says why, nothing kept."""
    page = response.content.decode()
    assert (response.status_code, "Location" in response.headers) == (400, False), page
    assert all(word in page for word in words), page
    assert not Application.objects.exists()


def test_mcp_m14_a_document_is_enough_and_that_is_advertised(agent, alice):
    metadata = Client().get("/.well-known/oauth-authorization-server").json()
    assert metadata["client_id_metadata_document_supported"] is True

    browser = cast.signed_in(alice)
    page = agent.ask(browser)

    assert page.status_code == 200
    assert agent.receiver.got[0][0]["accept"] == "application/json"
    client = agent.client()
    code = sent_back(client.allow(browser, page))["code"]
    tokens = client.redeem(code)
    assert client.profile(tokens["access_token"])["user"]["email"] == "alice@example.com"
    again = client.refresh(tokens["refresh_token"])
    assert (again.status, again["refresh_token"] != tokens["refresh_token"]) == (200, True)
    assert client.revoke(again["refresh_token"]).body == {"success": True}
    assert agent.fetches == 1
    assert (client.application.registration_source, client.application.client_type) == ("cimd", "public")
    assert registration().document_host == "127.0.0.1"


def test_where_it_is_off_nothing_is_fetched_or_advertised(agent, settings):
    settings.CLIENT_DOCUMENTS = "off"
    refused(agent.ask(), "unknown")
    assert agent.fetches == 0
    assert "client_id_metadata_document_supported" not in Client().get("/.well-known/openid-configuration").json()


@pytest.mark.usefixtures("staff_approve")
def test_staff_approve_it_first(agent, alice):
    page = agent.ask()
    assert (page.status_code, "waits for approval" in page.content.decode()) == (400, True)
    assert agent.client().post_token(grant_type="refresh_token", refresh_token="x").error == "invalid_client"
    registration_queue.approve(registration(), alice, timezone.now())
    assert agent.ask(cast.signed_in(alice)).status_code == 200
    assert agent.fetches == 1


def test_in_development_only_what_stays_on_this_machine_is_open(agent):
    agent.publish(redirect_uris=[REMOTE, "http://127.0.0.1/callback"])
    assert agent.ask().status_code == 400
    assert registration().state == "pending"


@pytest.mark.parametrize(
    "url",
    [
        "http://agent.example/client.json",
        "https://agent.example",
        "https://user@agent.example/client.json",
        "https://user:password@agent.example/client.json",
        "https://agent.example/client.json#part",
        "https://agent.example/client.json#",
        "https://agent.example/a/../client.json",
        "https://agent.example/./client.json",
        "https://agent.example/%2e%2e/client.json",
        "https://AGENT.example/client.json",
        "HTTPS://agent.example/client.json",
        "https://agent.example:99999/client.json",
        "https://agent.example:0/client.json",
        "https://agent.example/" + "x" * 255,
        "https://127.0.0.1/client.json",
        "https://10.0.0.1/client.json",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/client.json",
        "https://2130706433/client.json",
        "https://0x7f.1/client.json",
        "https://localhost/client.json",
        "https://db/client.json",
        "https://printer.local/client.json",
        "https://agent.example/client json",
        "https://agent.example\\@127.0.0.1/client.json",
        "https://ägent.example/client.json",
        "https://*.example/client.json",
        "file:///etc/passwd",
    ],
)
@pytest.mark.usefixtures("anybody")
def test_attack_089_addresses_that_are_none(db, settings, monkeypatch, url):
    settings.CLIENT_DOCUMENTS_ALLOW_LOOPBACK = False
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: pytest.fail("looked up"))
    refused(ask(url))


@pytest.mark.usefixtures("anybody")
@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1"])
def test_attack_089_a_name_that_leads_inside(agent, settings, monkeypatch, address):
    settings.CLIENT_DOCUMENTS_ALLOW_LOOPBACK = False
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, agent.receiver.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: found)
    refused(ask(f"https://agent.example:{agent.receiver.port}/client.json"), "address_refused")
    assert agent.fetches == 0


@pytest.mark.usefixtures("anybody")
def test_attack_089_outside_development_this_machine_is_not_asked(agent, settings):
    settings.CLIENT_DOCUMENTS_ALLOW_LOOPBACK = False
    refused(agent.ask())
    assert agent.fetches == 0


@pytest.mark.usefixtures("anybody")
@pytest.mark.parametrize(
    ("behave", "word"),
    [
        (receivers.status(302, Location="http://127.0.0.1:1/"), "302"),
        (receivers.status(301, Location="https://agent.example/client.json"), "301"),
        (receivers.status(404, b"{}", Content_Type="application/json"), "404"),
        (receivers.status(500), "500"),
        (receivers.status(304), "304"),
        (receivers.flood, "too_large"),
        (receivers.status(200, b" " * 1024 * 1024, Content_Type="application/json"), "too_large"),
        (receivers.status(200, b"<html></html>", Content_Type="text/html"), "JSON"),
        (receivers.status(200, b"{}", Content_Type="text/plain; a=application/json"), "JSON"),
        (receivers.status(200, b"{}"), "JSON"),
        (receivers.status(200, b"{", Content_Type="application/json"), "JSON"),
        (receivers.status(200, b"[]", Content_Type="application/json"), "JSON object"),
        (receivers.status(200, b"[" * 16_000, Content_Type="application/json"), "JSON"),
        (receivers.status(200, b"\xff\xfe", Content_Type="application/json"), "JSON"),
        (receivers.no_http, "invalid_answer"),
        (receivers.cut_off, "invalid_answer"),
    ],
)
def test_attack_089_answers_that_are_no_document(agent, behave, word):
    agent.receiver.behave = behave
    refused(agent.ask(), word)
    assert agent.fetches == 1  # no redirect is followed, nothing is tried twice


@pytest.mark.usefixtures("anybody")
@pytest.mark.parametrize("behave", [receivers.slow(2), receivers.drip])
def test_attack_089_the_slow_are_cut_off(agent, monkeypatch, behave):
    monkeypatch.setattr(client_documents, "TIMEOUT_SECONDS", 0.2)
    agent.receiver.behave = behave
    refused(agent.ask(), "timed_out")


@pytest.mark.usefixtures("anybody")
@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "http://127.0.0.1/client.json"},
        {"client_id": None},
        {"client_id": 1},
        {"client_name": None},
        {"client_name": ""},
        {"redirect_uris": None},
        {"redirect_uris": []},
        {"redirect_uris": "http://127.0.0.1/callback"},
        {"redirect_uris": [f"https://agent.example/{number}" for number in range(51)]},
        {"client_secret": "in public"},
        {"client_secret": ""},
        {"client_secret_expires_at": 0},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"grant_types": ["client_credentials"]},
        {"response_types": ["token"]},
        {"scope": "usage:write"},
        {"software_statement": "x"},
    ],
)
def test_mcp_m15_documents_that_do_not_say_what_they_must(agent, changes):
    agent.publish(**changes)
    refused(agent.ask())


@pytest.mark.usefixtures("anybody")
def test_attack_089_a_client_id_that_differs_by_a_slash(agent):
    agent.publish(client_id=f"{agent.url}/")
    refused(agent.ask(), "to the letter")
    agent.publish(client_id=agent.url)
    refused(agent.ask(client_id=f"{agent.url}/"), "to the letter")


@pytest.mark.usefixtures("anybody")
def test_a_more_special_kind_of_json_is_json(agent):
    agent.publish({"Content-Type": "application/oauth-client+json; charset=utf-8"})
    assert agent.ask().status_code == 302  # to sign in


@pytest.mark.usefixtures("anybody")
@pytest.mark.parametrize("uri", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://a.example/"])
def test_attack_010_a_document_with_addresses_that_run_read_or_go_in_clear(agent, uri):
    agent.publish(redirect_uris=["http://127.0.0.1/callback", uri])
    refused(agent.ask(), "redirect_uris")


@pytest.mark.usefixtures("anybody")
@pytest.mark.parametrize("uri", ["vscode://a.b/cb", "com.example.app:/cb"])
def test_mcp_m07_a_document_brings_no_private_scheme(agent, uri):
    agent.publish(redirect_uris=[uri])
    refused(agent.ask(redirect_uri=uri), "redirect_uris")


@pytest.mark.usefixtures("anybody")
def test_attack_035_a_document_in_a_verified_clients_name(agent):
    agent.publish(client_name="Gatehouse")
    refused(agent.ask(), "client_name")


@pytest.mark.usefixtures("anybody")
def test_attack_036_the_logo_is_not_fetched_and_not_shown(agent, alice):
    page = agent.ask(cast.signed_in(alice)).content.decode()
    assert (agent.fetches, "logo.png" in page) == (1, False)


@pytest.mark.usefixtures("anybody")
def test_mcp_m16_addresses_are_checked_against_the_document(agent):
    agent.publish(redirect_uris=["http://127.0.0.1/callback", REMOTE])
    for uri in (LOOPBACK, REMOTE):
        assert agent.ask(redirect_uri=uri).status_code == 302  # to sign in
    for uri in ("http://127.0.0.1/other", f"{REMOTE}/", "https://evil.example/callback", ""):
        page = agent.ask(redirect_uri=uri)
        assert (page.status_code, "Location" in page.headers) == (400, False)
    assert agent.fetches == 1


@pytest.mark.usefixtures("anybody")
class TestMcpM17:
    """What is kept is used for as long as the server's headers say, within bounds."""

    @pytest.mark.parametrize(
        ("cache_control", "seconds"),
        [
            ("max-age=600", 600),
            ("public, MAX-AGE=600", 600),
            ("max-age=1", 60),
            ("no-store", 60),
            ("private, no-cache", 60),
            ("max-age=99999999", 86_400),
            ("s-maxage=5, x-max-age=7", 3600),
            ("", 3600),
        ],
    )
    def test_mcp_m17_cached_as_its_server_says(self, agent, later, cache_control, seconds):
        agent.publish({"Cache-Control": cache_control})
        agent.ask()
        later(seconds=seconds - 1)
        agent.ask()
        assert agent.fetches == 1
        later(seconds=1)
        agent.ask()
        assert agent.fetches == 2

    def test_mcp_m17_an_unchanged_document_is_asked_for_by_its_etag(self, agent, later):
        agent.publish({"ETag": '"one"'})
        agent.ask()
        later(hours=2)
        agent.receiver.behave = receivers.status(304, Cache_Control="max-age=600")
        assert agent.ask().status_code == 302
        assert agent.receiver.got[1][0]["if-none-match"] == '"one"'
        later(seconds=599)
        agent.ask()
        assert agent.fetches == 2

    def test_a_document_that_is_gone_stops_new_sign_ins_and_no_token(self, agent, alice, later):
        agent.ask()
        tokens = agent.client().tokens_for(alice)
        later(hours=2)
        agent.answer(b"", status=404)
        assert agent.ask().status_code == 400
        assert agent.client().refresh(tokens["refresh_token"]).status == 200
        agent.publish()
        assert agent.ask().status_code == 302

    def test_a_bad_answer_is_not_kept(self, agent):
        agent.answer(b"{}", status=500)
        refused(agent.ask())
        agent.publish()
        assert agent.ask().status_code == 302

    def test_the_token_endpoint_fetches_nothing_even_long_after(self, agent, alice, later):
        agent.ask()
        tokens = agent.client().tokens_for(alice)
        later(days=2)
        assert agent.client().refresh(tokens["refresh_token"]).status == 200
        assert agent.fetches == 1

    def test_an_id_nobody_has_seen_is_unknown_to_the_token_endpoint(self, agent):
        body = {"client_id": agent.url, "grant_type": "refresh_token", "refresh_token": "x"}
        answered = answer(Client().post("/api/oauth/v1/token", body, content_type="application/json"))
        assert (answered.status, answered.error, agent.fetches) == (401, "invalid_client", 0)


@pytest.mark.usefixtures("anybody")
def test_an_address_makes_us_fetch_so_many(agent, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "client_document": (2, 60)}
    agent.answer(b"", status=404)
    assert [agent.ask().status_code for _ in range(3)] == [400, 400, 429]
    assert agent.fetches == 2


@pytest.mark.usefixtures("anybody")
def test_no_more_than_a_few_threads_wait_for_strangers(agent):
    slots = [client_documents.IN_FLIGHT.acquire(blocking=False) for _ in range(2)]
    try:
        refused(agent.ask(), "Try again")
        assert (slots, agent.fetches) == ([True, True], 0)
    finally:
        client_documents.IN_FLIGHT.release(2)
    assert agent.ask().status_code == 302


@pytest.mark.usefixtures("anybody")
def test_an_id_that_staff_registered_is_theirs(agent):
    cast.native_application("By staff", client_id=agent.url)
    assert agent.ask().status_code == 302
    assert (agent.fetches, agent.application.name) == (0, "By staff")


@pytest.mark.usefixtures("anybody")
def test_mcp_m18_the_page_says_whose_word_it_is_and_warns_of_loopback(agent, alice):
    page = agent.ask(cast.signed_in(alice)).content.decode()
    assert "described by <strong>127.0.0.1</strong>" in page
    assert "any program on this computer can use its name" in page
    agent.publish(redirect_uris=["http://127.0.0.1/callback", REMOTE])
    Application.objects.update(cimd_expires_at=timezone.now())
    page = agent.ask(cast.signed_in(alice), REMOTE).content.decode()
    assert "You will be sent to <strong>https://agent.example</strong>" in page
    assert "any program on this computer can use its name" not in page


def test_mcp_m18_a_client_that_registered_itself_is_told_from_one_of_ours(alice, db):
    made = answer(
        Client().post(
            REGISTER,
            {"client_name": "Agent", "redirect_uris": [LOOPBACK], "token_endpoint_auth_method": "none"},
            content_type="application/json",
            headers=bearer(""),
        )
    )
    page = ask(made["client_id"], cast.signed_in(alice)).content.decode()
    assert "It registered itself" in page
    assert "any program on this computer can use its name" in page
    ours = OAuthClient(cast.native_application()).ask(cast.signed_in(alice)).content.decode()
    assert "any program on this computer can use its name" not in ours


@pytest.mark.usefixtures("staff_approve")
class TestMcpM19:
    """What staff decided about a host."""

    def test_mcp_m19_clients_of_an_allowed_host_need_no_approval(self, agent):
        DocumentHost.objects.create(host="127.0.0.1", policy="allowed")
        assert agent.ask().status_code == 302
        assert registration().state == "approved"

    def test_mcp_m19_nothing_is_fetched_from_a_refused_host(self, agent):
        DocumentHost.objects.create(host="127.0.0.1", policy="refused")
        refused(agent.ask(), "not accepted")
        assert agent.fetches == 0

    def test_mcp_m19_refusing_a_host_ends_what_its_clients_have(self, agent, alice):
        host = DocumentHost.objects.create(host="127.0.0.1", policy="allowed")
        agent.ask()
        tokens = agent.client().tokens_for(alice)
        host.policy = "refused"
        host.save()
        assert registration_queue.follow_policy(host, alice, timezone.now()) == 1
        assert agent.client().profile(tokens["access_token"]).status == 401
        assert agent.client().refresh(tokens["refresh_token"]).error == "invalid_client"
        assert agent.ask().status_code == 400
        assert (registration().state, registration().decided_by) == ("refused", alice)

    def test_mcp_m19_allowing_a_host_lets_in_what_waits(self, agent):
        agent.ask()
        host = DocumentHost.objects.create(host="127.0.0.1", policy="allowed")
        assert registration_queue.follow_policy(host, None, timezone.now()) == 1
        assert agent.ask().status_code == 302


@pytest.mark.usefixtures("anybody")
def test_attack_090_new_addresses_do_not_inherit_old_consents(agent, alice):
    agent.ask()
    client = agent.client()
    browser = cast.signed_in(alice)
    client.allow(browser, client.ask(browser, scope="user:read"))
    assert "Already allowed" in client.ask(browser, scope="user:read projects:read").content.decode()
    agent.publish(redirect_uris=["http://127.0.0.1/callback", "https://evil.example/"])
    Application.objects.update(cimd_expires_at=timezone.now())
    page = client.ask(browser, scope="user:read projects:read").content.decode()
    assert "Already allowed" not in page
    assert Consent.objects.get().is_remembered is False


@pytest.mark.usefixtures("staff_approve")
@pytest.mark.parametrize("changes", [{"redirect_uris": [REMOTE]}, {"client_name": "Bank"}, {"client_uri": None}])
def test_attack_090_what_staff_approved_waits_again_when_it_becomes_something_else(agent, alice, changes):
    agent.ask()
    registration_queue.approve(registration(), alice, timezone.now())
    tokens = agent.client().tokens_for(alice)
    agent.publish(**changes)
    Application.objects.update(cimd_expires_at=timezone.now())
    assert agent.ask(redirect_uri=LOOPBACK).status_code == 400
    assert registration().state == "pending"
    assert agent.client(LOOPBACK).profile(tokens["access_token"]).status == 401


def test_a_code_on_its_way_to_an_address_that_is_gone_is_dead(agent, alice):
    agent.publish(redirect_uris=["http://127.0.0.1/callback", "http://127.0.0.1/other"])
    agent.ask()
    code = agent.client("http://127.0.0.1:49152/other").code_for(alice)
    agent.publish(redirect_uris=["http://127.0.0.1/callback"])
    Application.objects.update(cimd_expires_at=timezone.now())
    agent.ask()
    assert agent.client("http://127.0.0.1:49152/other").redeem(code).error == "invalid_grant"


def test_one_that_ended_unused_comes_back_as_a_new_one_does(agent, settings):
    agent.ask()
    Registration.objects.update(state="ended", decided_at=timezone.now())
    clients.disable(agent.application, timezone.now())
    Application.objects.update(cimd_expires_at=timezone.now() - timedelta(days=1))
    assert agent.ask().status_code == 302
    assert (registration().state, agent.application.is_enabled) == ("approved", True)


def test_one_that_staff_switched_off_stays_off(agent):
    agent.ask()
    clients.disable(agent.application, timezone.now())
    agent.publish(client_name="Another")
    Application.objects.update(cimd_expires_at=timezone.now())
    assert "switched off" in agent.ask().content.decode()


@pytest.mark.parametrize("was_used", [False, True])
def test_attack_118_what_staff_shut_out_is_not_forgotten_and_let_in_anew(agent, alice, was_used):
    agent.ask()
    if was_used:
        agent.client().tokens_for(alice)
    clients.disable(agent.application, timezone.now())
    registration_queue.end_unused(timezone.now() + timedelta(days=1000))
    Application.objects.update(cimd_expires_at=timezone.now())
    assert agent.ask().status_code == 400
    assert (agent.application.is_enabled, registration().state) == (False, "approved")


def test_attack_118_a_refused_document_is_not_let_in_with_its_host_later(agent, settings):
    settings.CLIENT_DOCUMENTS = "staff"
    agent.ask()
    registration_queue.refuse(registration(), "We do not know you.", None, timezone.now())
    registration_queue.end_unused(timezone.now() + timedelta(days=1000))
    DocumentHost.objects.create(host="127.0.0.1", policy="allowed")
    Application.objects.update(cimd_expires_at=timezone.now())
    assert agent.ask().status_code == 400
    assert not agent.application.is_enabled
