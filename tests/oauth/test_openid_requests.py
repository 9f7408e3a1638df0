"""What OpenID Connect adds to an authorization request. Source: oauth.md, "authorize"; Core 3.1.2.1."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.clients import AUTHORIZE, OAuthClient, sent_back
from tests.oauth.openid import OPENID_SCOPES, verified

pytestmark = pytest.mark.contract("oauth.md", "authorize", "nonce")
LONG_AGO = 1_700_000_000


@pytest.fixture
def portal(db):
    return OAuthClient(cast.web_application("Portal", allowed_scopes=OPENID_SCOPES), cast.ACME_SECRET)


@pytest.fixture
def cli(db):
    application = cast.native_application(allowed_scopes=OPENID_SCOPES)
    return OAuthClient(application, redirect_uri="http://127.0.0.1:53123/callback")


def auth_time(portal, code):
    return verified(portal.redeem(code)["id_token"], portal.application.client_id)["auth_time"]


def prove_again(portal, browser, **ask):
    """From the request through the password to what stands there then."""
    there = portal.ask(browser, scope="openid", **ask)["Location"]
    assert there.startswith("/accounts/reauthenticate/")
    back = browser.post(there, {"password": cast.PASSWORD})
    return browser.get(browser.get(back["Location"]).context["target"])


@pytest.mark.parametrize(
    "ask", [{"prompt": "login"}, {"max_age": "0"}, {"max_age": "3600"}, {"prompt": "login consent"}]
)
def test_attack_022_auth_time_in_the_id_token_is_of_the_fresh_sign_in(alice, portal, ask):
    began = int(timezone.now().timestamp())
    browser = cast.signed_in(alice, at=LONG_AGO)
    page = prove_again(portal, browser, **ask)
    assert auth_time(portal, sent_back(portal.allow(browser, page))["code"]) >= began


def test_without_either_auth_time_is_of_the_sign_in_that_was(alice, portal):
    browser = cast.signed_in(alice, at=LONG_AGO)
    page = portal.ask(browser, scope="openid", max_age="999999999")
    assert auth_time(portal, sent_back(portal.allow(browser, page))["code"]) == LONG_AGO


def test_login_with_a_remembered_consent_asks_for_the_password_alone(alice, portal):
    portal.code_for(alice, scope="openid")
    answered = prove_again(portal, cast.signed_in(alice, at=LONG_AGO), prompt="login")
    assert "code" in sent_back(answered)


@pytest.mark.parametrize("prompt", ["consent", "select_account", "consent select_account"])
def test_a_prompt_shows_the_page_in_spite_of_a_remembered_consent(alice, portal, prompt):
    portal.code_for(alice, scope="openid")
    browser = cast.signed_in(alice)
    page = portal.ask(browser, scope="openid", prompt=prompt)
    assert "code" in sent_back(portal.allow(browser, page))


def test_attack_021_a_public_client_gets_nothing_without_a_page(alice, cli):
    """Anybody can use its id, so its remembered consent is none (oauth.md, "authorize")."""
    cli.code_for(alice, scope="openid")
    refused = sent_back(cli.ask(cast.signed_in(alice), scope="openid", prompt="none"))
    assert (refused["error"], refused["state"]) == ("consent_required", "the-state")


def test_attack_021_none_with_an_old_sign_in(alice, portal):
    portal.code_for(alice, scope="openid")
    browser = cast.signed_in(alice, at=LONG_AGO)
    assert sent_back(portal.ask(browser, scope="openid", prompt="none", max_age="60"))["error"] == "login_required"


def test_a_hint_of_the_person_goes_on_and_of_another_does_not(alice, bob, portal):
    hint = portal.tokens_for(alice, scope="openid")["id_token"]
    portal.code_for(bob, scope="openid")
    for prompt in ("none", None):
        asked = {"scope": "openid", "id_token_hint": hint, "prompt": prompt}
        assert "code" in sent_back(portal.ask(cast.signed_in(alice), **asked))
        assert sent_back(portal.ask(cast.signed_in(bob), **asked))["error"] == "login_required"


def test_a_stranger_with_a_hint_signs_in_first(alice, portal):
    hint = portal.tokens_for(alice, scope="openid")["id_token"]
    assert portal.ask(Client(), scope="openid", id_token_hint=hint)["Location"].startswith("/accounts/login/")


def test_the_address_to_sign_in_with_stands_in_the_form(portal):
    there = portal.ask(Client(), scope="openid", login_hint="alice@example.com")["Location"]
    assert 'value="alice@example.com"' in Client().get(there).content.decode()


@pytest.mark.parametrize(
    ("asked", "spoken"), [("de", "de"), ("de-AT", "de"), ("fr zh-TW de", "zh-hant"), ("fr", "en"), ("../de \0x", "en")]
)
def test_a_page_speaks_what_the_application_asks_for(alice, portal, asked, spoken):
    browser = cast.signed_in(alice)
    if "\0" not in asked:
        assert language_of(portal.ask(browser, ui_locales=asked)) == spoken
    browser.cookies["django_language"] = "de"
    assert language_of(portal.ask(browser, ui_locales="en")) == "de"  # the person's own choice


def test_so_do_the_pages_on_the_way_through_the_sign_in(alice, portal):
    browser = Client()
    entrance = portal.ask(browser, ui_locales="de")["Location"]
    assert language_of(browser.get(entrance)) == language_of(browser.get("/accounts/signup/")) == "de"
    browser.force_login(alice)
    handle = parse_qs(urlsplit(entrance).query)["next"][0].rsplit("/", 1)[1]
    for page in (f"/continue/{handle}", f"{AUTHORIZE}/{handle}"):
        assert language_of(browser.get(page)) == "de"
    assert language_of(portal.ask(browser, ui_locales="zh-Hant")) == "zh-hant"


def language_of(page):
    return re.search(r'<html lang="([^"]+)"', page.content.decode())[1]


@pytest.mark.parametrize(
    "more", [{"claims": '{"id_token": {"email": null}}'}, {"ui_locales": "xx en"}, {"acr_values": "1"}]
)
def test_what_is_not_advertised_changes_nothing(alice, portal, more):
    tokens = portal.tokens_for(alice, scope="openid", **more)
    assert "email" not in verified(tokens["id_token"], portal.application.client_id)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://portal.example/request"}, "request_uri_not_supported"),
        ({"prompt": "none consent"}, "invalid_request"),
        ({"id_token_hint": "x"}, "invalid_request"),
    ],
)
def test_what_is_refused_goes_back_with_its_word(alice, portal, more, error):
    assert sent_back(portal.ask(cast.signed_in(alice), scope="openid", **more))["error"] == error
