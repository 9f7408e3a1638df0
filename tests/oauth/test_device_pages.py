"""/device: what a person reads and what the answer does (pages.md, "Device")."""

import re

import pytest
from django.test import Client

from oauth_provider import consent
from oauth_provider.models import DeviceGrant
from tests.accounts.steps import sign_in
from tests.cast import signed_in
from tests.clients import handle_of
from tests.devices import enter, press, respond
from tests.oauth.test_consent_page import text_of
from tests.post import letters

UNKNOWN = "This code is unknown, has expired or was used."
ROW = ("oauth.md", "Other endpoints under /api/oauth/v1", "POST device_authorization")

pytestmark = pytest.mark.usefixtures("later")


@pytest.fixture
def codes(acme_tv):
    return acme_tv.ask_for_codes(scope="user:read projects:read")


def path_of(codes):
    return codes["verification_uri_complete"].removeprefix("http://localhost:8000")


@pytest.mark.contract(*ROW)
def test_the_page_shows_code_application_scopes_and_who_asked(alice, codes):
    text = text_of(enter(signed_in(alice), codes["user_code"].lower().replace("-", " ")))
    asked_at = DeviceGrant.objects.get().created_at
    for line in (
        f"Does your device show this code? {codes['user_code']}",
        "Support never sends codes.",
        "Acme TV wants to use your Gatehouse account Not verified: nobody checked who runs it.",
        "Signed in as alice@example.com",
        "It will be able to: You See your name, e-mail address and picture",
        "Projects See your projects and their settings",
        "change or delete your projects",
        f"Asked at {asked_at:%Y-%m-%d %H:%M} UTC From 127.0.0.1",
        "Cancel Allow",
    ):
        assert line in text


@pytest.mark.contract(*ROW)
def test_attack_085_the_complete_address_asks_and_never_grants(alice, acme_tv, codes):
    browser = signed_in(alice)
    page = browser.get(path_of(codes))
    assert codes["user_code"] in text_of(page)
    assert "Acme TV wants to use" in text_of(page)
    for method in ("get", "head", "options", "put"):
        getattr(browser, method)("/device/answer", {"handle": handle_of(page), "answer": "allow"})
        getattr(browser, method)(f"{path_of(codes)}&answer=allow&handle={handle_of(page)}")
    assert acme_tv.poll(codes["device_code"]).error == "authorization_pending"


def test_attack_085_the_answer_needs_the_token_of_the_form(alice, acme_tv, codes):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = signed_in(alice).cookies
    page = browser.get(path_of(codes))
    assert press(browser, page).status_code == 403
    assert acme_tv.poll(codes["device_code"]).error == "authorization_pending"


def test_attack_085_only_who_saw_the_page_can_answer_it(alice, mallory, acme_tv, codes):
    page = signed_in(alice).get(path_of(codes))
    for browser in (signed_in(mallory), signed_in(alice)):
        assert UNKNOWN in text_of(press(browser, page))
    assert press(Client(), page)["Location"].startswith("/accounts/login/")
    assert acme_tv.poll(codes["device_code"]).error == "authorization_pending"


def test_a_page_is_answered_once(alice, acme_tv, codes):
    browser = signed_in(alice)
    page = enter(browser, codes["user_code"])
    assert "Nothing was allowed. You can close this page." in text_of(press(browser, page, "cancel"))
    assert UNKNOWN in text_of(press(browser, page, "allow"))
    assert acme_tv.poll(codes["device_code"]).error == "access_denied"


@pytest.mark.contract(*ROW)
def test_unknown_expired_used_and_switched_off_are_one_message(alice, acme_tv, later):
    browser = signed_in(alice)
    answered, ended, old = (acme_tv.ask_for_codes()["user_code"] for _ in range(3))
    respond(browser, answered)
    pages = [text_of(enter(browser, code)) for code in (answered, "BBBB-BBBB", "nonsense")]
    acme_tv.application.is_enabled = False
    acme_tv.application.save()
    later(seconds=301)
    pages.append(text_of(enter(browser, ended)))
    acme_tv.application.is_enabled = True
    acme_tv.application.save()
    later(seconds=600)
    pages.append(text_of(enter(browser, old)))
    assert all(UNKNOWN in page for page in pages)
    assert len({re.sub(r"value=\S+", "", page) for page in pages}) == 1


def test_nothing_typed_is_no_guess(alice):
    browser = signed_in(alice)
    for _ in range(12):
        page = enter(browser, " ")
    assert page.status_code == 200
    assert "This field is required." in text_of(page)


def test_a_stranger_signs_in_first_and_comes_back_with_the_code(alice, codes):
    browser = Client()
    response = browser.get(path_of(codes))
    assert response["Location"] == f"/accounts/login/?next=%2Fdevice%3Fuser_code%3D{codes['user_code']}"
    assert "to continue to your device" in text_of(browser.get(response["Location"]))
    back = sign_in(browser, "alice@example.com", next=path_of(codes))
    assert back["Location"] == path_of(codes)
    assert "Acme TV wants to use" in text_of(browser.get(back["Location"]))


def test_only_a_code_goes_along_to_the_sign_in(db):
    response = Client().get("/device?user_code=https://evil.example")
    assert response["Location"] == "/accounts/login/?next=%2Fdevice"


def test_another_account_keeps_the_code(alice, codes):
    browser = signed_in(alice)
    response = browser.post("/device/another-account", {"user_code": codes["user_code"]})
    assert response["Location"].endswith(f"user_code%3D{codes['user_code']}")
    assert browser.get("/account").status_code == 302


@pytest.mark.contract("oauth.md", "Rate limits", "sign-in")
def test_attack_082_guesses_are_limited_by_account(mallory, alice, codes):
    browsers = [Client(REMOTE_ADDR=f"127.0.1.{n}") for n in range(6)]
    for browser in browsers:
        browser.cookies = signed_in(mallory).cookies
    statuses = [enter(browser, "BBBB-BBBB").status_code for browser in browsers]
    assert statuses == [200] * 5 + [429]
    assert browsers[0].get(path_of(codes)).status_code == 429
    assert enter(signed_in(alice), codes["user_code"]).status_code == 200


@pytest.mark.contract("oauth.md", "Rate limits", "sign-in")
def test_attack_082_guesses_are_limited_by_address(mallory, alice, bob, codes):
    guesses = [enter(signed_in(person), "BBBB-BBBB") for person in (mallory, bob) for _ in range(5)]
    assert {page.status_code for page in guesses} == {200}
    assert guesses[0]["RateLimit"].startswith('"signin_address";r=9;')
    refused = enter(signed_in(alice), codes["user_code"])
    assert (refused.status_code, "Retry-After" in refused) == (429, True)
    assert "Try again in" in text_of(refused)


def test_right_codes_are_no_guesses(alice, acme_tv):
    browser = signed_in(alice)
    for _ in range(12):
        assert browser.get(path_of(acme_tv.ask_for_codes())).status_code == 200


def test_allowing_is_told_by_letter_once(alice, acme_tv):
    for _ in range(2):
        acme_tv.code_allowed_by(alice)
    (letter,) = letters()
    assert "You allowed Acme TV" in letter.subject


def test_the_consent_is_remembered_and_added_to(alice, acme_tv):
    acme_tv.code_allowed_by(alice)
    acme_tv.code_allowed_by(alice, scope="projects:read")
    assert consent.remembered(acme_tv.application, alice) == "user:read projects:read"


def test_every_page_of_it_has_the_headers_of_a_sign_in_page(alice, codes):
    browser = signed_in(alice)
    pages = [browser.get("/device"), enter(browser, codes["user_code"]), respond(browser, codes["user_code"])]
    for page in pages:
        assert "no-store" in page["Cache-Control"]
        assert page["Referrer-Policy"] == "same-origin"
        assert page["X-Frame-Options"] == "DENY"
        assert page["Cross-Origin-Opener-Policy"] == "unsafe-none"
        assert "form-action 'self'" in page["Content-Security-Policy"]
        assert "default-src 'none'" in page["Content-Security-Policy"]
        assert page.content.decode().count("<h1") == 1


def test_a_name_that_looks_like_markup_is_text(alice, acme_tv, codes):
    acme_tv.application.name = "<b>Acme</b>"
    acme_tv.application.save()
    assert "<b>Acme" not in enter(signed_in(alice), codes["user_code"]).content.decode()
