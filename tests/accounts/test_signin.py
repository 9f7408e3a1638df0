"""/accounts/login/: one sentence for all failures, limits, where it leads."""

import pytest
import time_machine
from django.test import Client

from tests.accounts.counting_hasher import counted
from tests.accounts.steps import SIGN_IN, is_signed_in, sign_in, subjects
from tests.cast import PASSWORD

# A window of a limit that ended in the middle of a test would count from nought again.
pytestmark = pytest.mark.usefixtures("later")

SENTENCE = "The e-mail address or the password is wrong."


def test_a_person_signs_in_with_the_address_in_any_case(alice):
    browser = Client()
    assert sign_in(browser, "ALICE@example.com").headers["Location"] == "/account"
    assert is_signed_in(browser)


def test_after_signing_in_the_person_lands_where_the_request_waits(alice):
    assert sign_in(Client(), "alice@example.com", next="/continue/abc").headers["Location"] == "/continue/abc"


def test_the_hint_of_the_application_is_in_the_form(alice):
    page = Client().get(SIGN_IN, {"login_hint": "alice@example.com"}).content.decode()
    assert 'value="alice@example.com"' in page


def test_attack_040_unknown_wrong_and_switched_off_read_the_same(alice, bob):
    bob.is_active = False
    bob.save()
    tries = [("nobody@example.com", PASSWORD), ("alice@example.com", "wrong password"), ("bob@example.com", PASSWORD)]
    answers = [sign_in(Client(), *each) for each in tries]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all(SENTENCE in answer.content.decode() for answer in answers)


def test_attack_040_an_unknown_address_costs_a_hash_as_a_known_one_does(alice, settings):
    settings.PASSWORD_HASHERS = ["tests.accounts.counting_hasher.CountingHasher"]
    alice.set_password(PASSWORD)
    alice.save()
    costs = []
    for email in ("alice@example.com", "nobody@example.com"):
        counted.clear()
        sign_in(Client(), email, "wrong password")
        costs.append(len(counted))
    assert costs == [1, 1]


@pytest.mark.contract("oauth.md", "Rate limits", "sign-in")
def test_attack_040_five_failures_lock_the_account_for_its_window(alice):
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        for _ in range(5):
            assert sign_in(Client(), "alice@example.com", "wrong password").status_code == 200
        locked = sign_in(Client(), "alice@example.com")
    assert locked.status_code == 429
    seconds = locked.headers["Retry-After"]
    assert 0 < int(seconds) <= 300
    assert f"Try again in {seconds} s." in locked.content.decode()
    assert locked.headers["RateLimit-Policy"] == '"signin_account";q=5;w=300'
    assert locked.headers["RateLimit"] == f'"signin_account";r=0;t={seconds}'


@pytest.mark.contract("oauth.md", "Rate limits", "sign-in")
def test_attack_040_ten_failures_lock_the_address_for_every_account(alice):
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        for number in range(10):
            assert sign_in(Client(), f"nobody{number}@example.com").status_code == 200
        assert sign_in(Client(), "alice@example.com").status_code == 429
        elsewhere = Client(REMOTE_ADDR="192.0.2.7")
        assert sign_in(elsewhere, "alice@example.com").status_code == 302


def test_right_passwords_do_not_count(alice):
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        assert [sign_in(Client(), "alice@example.com").status_code for _ in range(12)] == [302] * 12


def test_an_allowed_answer_says_what_is_left(alice):
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        answer = sign_in(Client(), "alice@example.com", "wrong password")
    assert answer.headers["RateLimit-Policy"] == '"signin_address";q=10;w=60'
    assert answer.headers["RateLimit"].startswith('"signin_address";r=9;t=')


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example"]
)
def test_attack_034_a_foreign_next_is_ignored(alice, target):
    assert sign_in(Client(), "alice@example.com", next=target).headers["Location"] == "/account"


def test_attack_039_the_session_key_changes_at_sign_in(alice):
    browser = Client()
    session = browser.session
    session["planted"] = "by mallory"
    session.save()
    planted = session.session_key
    sign_in(browser, "alice@example.com")
    assert browser.session.session_key != planted
    thief = Client()
    thief.cookies["session"] = planted
    assert not is_signed_in(thief)


def test_a_new_browser_is_told_by_mail_and_the_first_one_is_not(alice):
    sign_in(Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"), "alice@example.com")
    assert subjects() == []
    sign_in(Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Firefox/141.0"), "alice@example.com")
    assert subjects() == []
    sign_in(Client(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537"), "alice@example.com")
    assert subjects() == ["Signed in with a new browser"]
