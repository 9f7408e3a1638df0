"""/account/data: a person takes a copy of what is held of them, and deletes the account."""

import time

import pytest
from django.test import Client
from django.utils import timezone

from accounts import organizations
from accounts.models import Membership, User
from tests import cast
from tests.everything import everything
from tests.post import letters

PAGE, EXPORT, DELETE = "/account/data", "/account/data/export", "/account/data/delete"


def delete(browser: Client, email: str = "alice@example.com"):
    return browser.post(DELETE, {"email": email})


def test_a_copy_has_what_is_held_and_a_mail_tells(alice):
    answer = cast.signed_in(alice).post(EXPORT)

    assert answer["Content-Disposition"] == 'attachment; filename="account.json"'
    assert answer["Cache-Control"].startswith("max-age=0")
    assert answer.json()["person"][0]["email"] == "alice@example.com"
    assert letters()[-1].subject.startswith("A copy of your data was taken")


def test_a_deleted_account_is_gone_and_a_last_mail_says_so(alice):
    browser = cast.signed_in(alice)
    assert "What stays" in browser.get(PAGE).content.decode()

    answer = delete(browser, "Alice@example.com")

    assert "Your account was deleted" in answer.content.decode()
    assert browser.get("/account").status_code == 302
    assert not User.objects.filter(email="alice@example.com").exists()
    (letter,) = letters()
    assert (letter.to, letter.subject.partition(" · ")[0]) == (["alice@example.com"], "Your account was deleted")


def test_the_address_is_free_again(alice):
    delete(cast.signed_in(alice))

    assert cast.person("alice@example.com", "Alice Again").pk != alice.pk


def test_staff_are_told_to_lose_their_part_first(db):
    sam = cast.person("sam@example.com", "Sam Staff", is_staff=True)

    answer = delete(cast.signed_in(sam), sam.email)

    assert answer.status_code == 409
    assert "take that away first" in answer.content.decode()


@pytest.mark.parametrize(("path", "sent"), [(EXPORT, {}), (DELETE, {"email": "alice@example.com"})])
def test_attack_190_neither_is_done_for_a_session_that_somebody_left_open(alice, path, sent):
    browser = cast.signed_in(alice, at=time.time() - 301)
    before = everything()

    answer = browser.post(path, sent)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert everything() == before


@pytest.mark.parametrize("path", [EXPORT, DELETE])
def test_attack_191_neither_is_done_by_a_link_or_by_another_site_s_form(alice, path):
    signed_in = cast.signed_in(alice)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in.cookies
    before = everything()

    assert signed_in.get(path).status_code == 405
    assert strict.post(path, {"email": alice.email}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert everything() == before


@pytest.mark.parametrize("email", ["", "bob@example.com", "alice@example.com.evil.example", "ALICE"])
def test_attack_192_nobody_is_deleted_without_the_address_typed_in(alice, bob, email):
    browser, before = cast.signed_in(alice), everything()

    assert delete(browser, email).status_code == 400
    assert everything() == before


def test_attack_193_colleagues_are_not_left_without_an_owner(alice, bob):
    team = organizations.create("Team", owner=alice)
    Membership.objects.create(organization=team, user=bob, role="member")
    browser, before = cast.signed_in(alice), everything()

    answer = delete(browser)

    assert answer.status_code == 409
    assert "would have 1 member and no owner: make that one an owner." in answer.content.decode()
    assert everything() == before


def test_attack_194_a_session_open_elsewhere_ends_with_the_account(alice):
    elsewhere = cast.signed_in(alice)
    delete(cast.signed_in(alice))

    assert elsewhere.get(PAGE).status_code == 302
    assert elsewhere.post(EXPORT).status_code == 302


def test_attack_195_a_copy_has_nothing_of_colleagues(alice, bob):
    team = organizations.create("Team", owner=alice)
    Membership.objects.create(organization=team, user=bob, role="owner")
    organizations.invite(team, "mallory@example.com", "member", by=bob, now=timezone.now())

    copy = cast.signed_in(alice).post(EXPORT).content.decode()

    assert "Team" in copy
    assert not [name for name in ("bob@", "Bob Example", "mallory@") if name in copy]
