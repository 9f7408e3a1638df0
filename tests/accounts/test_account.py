"""/account: name, e-mail address, language."""

import time

import pytest
from django.test import Client

from tests.accounts.steps import mailed_code, sign_in, subjects, type_code
from tests.cast import signed_in
from tests.post import letters


def test_the_front_page_leads_to_the_account_and_a_stranger_to_sign_in(alice):
    assert signed_in(alice).get("/").headers["Location"] == "/account"
    assert Client().get("/account").headers["Location"] == "/accounts/login/?next=/account"


@pytest.mark.contract("oauth.md", "What the user can do", "/account")
def test_a_name_is_changed_and_trimmed(alice):
    signed_in(alice).post("/account", {"name": "  Alice Liddell "})
    alice.refresh_from_db()
    assert alice.name == "Alice Liddell"


@pytest.mark.contract("oauth.md", "What the user can do", "/account")
def test_a_new_address_is_verified_and_both_are_told(alice):
    browser = signed_in(alice)
    browser.post("/accounts/email/", {"email": "alice@liddell.example", "action_add": "1"})
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    type_code(browser, mailed_code())
    alice.refresh_from_db()
    assert alice.email == "alice@liddell.example"
    assert subjects() == ["Your code", "Your e-mail address was changed", "Your e-mail address was changed"]
    assert sign_in(Client(), "alice@liddell.example").status_code == 302
    assert sign_in(Client(), "alice@example.com").status_code == 200


def test_the_mail_about_a_changed_address_goes_to_the_old_and_the_new(alice):
    browser = signed_in(alice)
    browser.post("/accounts/email/", {"email": "alice@liddell.example", "action_add": "1"})
    type_code(browser, mailed_code())
    assert {message.to[0] for message in letters()[1:]} == {"alice@example.com", "alice@liddell.example"}


def test_the_address_of_somebody_else_is_not_taken(alice, bob):
    browser = signed_in(alice)
    answer = browser.post("/accounts/email/", {"email": "bob@example.com", "action_add": "1"})
    assert answer.headers["Location"] == "/accounts/confirm-email/"
    type_code(browser, mailed_code())
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


def test_an_address_is_changed_only_soon_after_a_sign_in(alice):
    stale = signed_in(alice, at=time.time() - 301)
    asked = stale.post("/accounts/email/", {"email": "alice@liddell.example", "action_add": "1"})
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    assert subjects() == []


def test_a_language_that_is_offered_is_kept(alice):
    browser = signed_in(alice)
    browser.post("/account/language", {"language": "en"})
    assert browser.cookies["django_language"].value == "en"
    browser.post("/account/language", {"language": "tlh"})
    assert browser.cookies["django_language"].value == "en"
