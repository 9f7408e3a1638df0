"""/account/security: passkeys, sessions, events."""

import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client

from tests.accounts.steps import is_signed_in, sign_in
from tests.cast import signed_in

PAGE = "/account/security"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


def visitor(user_agent: str, address: str = "192.0.2.1") -> Client:
    browser = Client(HTTP_USER_AGENT=user_agent, REMOTE_ADDR=address)
    sign_in(browser, "alice@example.com")
    return browser


def test_sessions_show_browser_address_and_when_last_seen(alice):
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        browser = visitor(FIREFOX)
        visitor(CHROME, "192.0.2.2")
    with time_machine.travel("2026-01-01T12:30:00Z", tick=False):
        text = browser.get(PAGE).content.decode()
    for shown in ("Firefox on Linux", "Chrome on Windows", "192.0.2.2", "2026-01-01 12:30 UTC", "2026-01-01 12:00 UTC"):
        assert shown in text


@pytest.mark.contract("oauth.md", "What the user can do", "/account")
def test_one_session_is_ended_and_the_others_stay(alice):
    here, there, third = visitor(FIREFOX), visitor(CHROME), visitor(CHROME)
    session = UserSession.objects.get(session_key=there.session.session_key)
    here.post(f"{PAGE}/sessions/{session.pk}/end")
    assert [is_signed_in(browser) for browser in (here, there, third)] == [True, False, True]


def test_all_others_are_ended_at_once(alice):
    here, there, third = visitor(FIREFOX), visitor(CHROME), visitor(CHROME)
    here.post(f"{PAGE}/sessions/end-others")
    assert [is_signed_in(browser) for browser in (here, there, third)] == [True, False, False]


def test_mallory_can_not_end_a_session_of_alice(alice, mallory):
    hers = visitor(FIREFOX)
    session = UserSession.objects.get(session_key=hers.session.session_key)
    signed_in(mallory).post(f"{PAGE}/sessions/{session.pk}/end")
    assert is_signed_in(hers)


def test_ending_sessions_needs_a_sign_in_of_the_last_five_minutes(alice):
    stale = signed_in(alice, at=time.time() - 301)
    answer = stale.post(f"{PAGE}/sessions/end-others")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")


@pytest.mark.contract("oauth.md", "What the user can do", "/account")
def test_a_passkey_shows_its_name_and_dates(alice):
    Authenticator.objects.create(user=alice, type="webauthn", data={"name": "Blue key"})
    text = signed_in(alice).get(PAGE).content.decode()
    assert "Blue key" in text
    assert "never used" in text


def test_the_last_twenty_events_are_shown(alice):
    for _ in range(21):
        browser = visitor(FIREFOX)
    shown = browser.get(PAGE).context["events"]
    assert [event.get_kind_display() for event in shown] == ["Signed in"] * 20


def test_a_session_is_written_at_most_once_a_minute(alice):
    browser = visitor(FIREFOX)
    first = UserSession.objects.get().last_seen_at
    browser.get("/account")
    assert UserSession.objects.get().last_seen_at == first
    with time_machine.travel(time.time() + 61):
        browser.get("/account")
    assert UserSession.objects.get().last_seen_at > first
