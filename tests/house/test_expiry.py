"""What has expired goes, what may still matter stays."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from accounts import sweeps
from config import chores
from oauth_provider import expiry
from oauth_provider.models import AccessToken, Code, PendingAuthorization, TokenFamily
from tests.cast import signed_in

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def rows():
    return [model.objects.count() for model in (Code, AccessToken, TokenFamily)]


@pytest.mark.usefixtures("at_noon")
def test_live_rows_stay(alice, acme_app):
    acme_app.tokens_for(alice)

    assert set(expiry.sweep(NOON).values()) == {0}
    assert rows() == [1, 1, 1]


@pytest.mark.usefixtures("at_noon")
def test_a_used_code_is_known_as_long_as_its_tokens_may_live(alice, acme_app):
    acme_app.tokens_for(alice)

    expiry.sweep(NOON + timedelta(days=29))
    assert rows() == [1, 0, 1]

    expiry.sweep(NOON + timedelta(days=32))
    assert rows() == [0, 0, 0]


@pytest.mark.usefixtures("at_noon")
def test_an_unused_code_goes_after_a_day(alice, acme_app):
    acme_app.code_for(alice)

    expiry.sweep(NOON + timedelta(hours=23))
    assert Code.objects.count() == 1

    expiry.sweep(NOON + timedelta(days=2))
    assert (Code.objects.count(), PendingAuthorization.objects.count()) == (0, 0)


@pytest.mark.usefixtures("at_noon")
def test_a_batch_is_bounded_and_the_next_round_takes_the_rest(alice, acme_app, monkeypatch):
    monkeypatch.setattr(sweeps, "BATCH", 2)
    for _ in range(3):
        acme_app.code_for(alice)

    assert expiry.sweep(NOON + timedelta(days=2))["codes"] == 2
    assert expiry.sweep(NOON + timedelta(days=2))["codes"] == 1


@pytest.mark.django_db
def test_expired_sessions_go():
    Session.objects.create(session_key="old", session_data="-", expire_date=NOON)
    Session.objects.create(session_key="new", session_data="-", expire_date=NOON + timedelta(days=2))

    assert chores.sweep_sessions(NOON + timedelta(days=1))["sessions"] == 1
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


def test_what_is_shown_of_a_session_goes_when_it_is_long_gone(alice):
    browser = signed_in(alice)
    there, gone = browser.session.session_key, "gone"
    UserSession.objects.all().delete()
    for key in (there, gone):
        UserSession.objects.create(user=alice, session_key=key, ip="127.0.0.1", user_agent="-", last_seen_at=NOON)

    chores.sweep_sessions(NOON + timedelta(days=13))
    assert UserSession.objects.count() == 2

    chores.sweep_sessions(NOON + timedelta(days=15))
    assert list(UserSession.objects.values_list("session_key", flat=True)) == [there]


@pytest.mark.usefixtures("at_noon")
def test_a_device_code_is_known_for_a_day_after_its_end(acme_tv):
    device_code = acme_tv.ask_for_codes()["device_code"]

    with time_machine.travel(NOON + timedelta(hours=23), tick=False):
        expiry.sweep(NOON + timedelta(hours=23))
        assert acme_tv.poll(device_code).error == "expired_token"

    assert expiry.sweep(NOON + timedelta(days=2))["device_grants"] == 1
