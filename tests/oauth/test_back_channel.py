"""Logout tokens, as a client's server gets them. Source: Back-Channel Logout 1.0; oauth.md."""

from datetime import timedelta
from urllib.parse import parse_qs

import jwt
import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from config import chores
from oauth_provider import back_channel, client_sessions, expiry
from oauth_provider.models import ClientSession
from tests import cast
from tests.clients import OAuthClient, sent_back
from tests.oauth.openid import OPENID_SCOPES, verified
from tests.receivers import receiving, status

pytestmark = pytest.mark.contract("oauth.md", "Other endpoints under /api/oauth/v1", "logout")
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    with receiving() as started:
        yield started


@pytest.fixture
def portal(db, receiver):
    application = cast.web_application(
        "Portal", allowed_scopes=OPENID_SCOPES, backchannel_logout_uri=receiver.url.replace("hook", "bye")
    )
    return OAuthClient(application, cast.ACME_SECRET)


@pytest.fixture
def browser(alice, portal):
    """Alice's, in which she signed in to Portal; `session_token` is what Portal got."""
    browser = cast.signed_in(alice)
    code = sent_back(portal.allow(browser, portal.ask(browser, scope="openid", nonce="n")))["code"]
    browser.session_token = verified(portal.redeem(code)["id_token"], portal.application.client_id)
    return browser


def work(**passed):
    now = timezone.now() + timedelta(**passed)
    client_sessions.notice_ended(now)
    return back_channel.tell_due(now)


def token_of(got):
    headers, body = got
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    return parse_qs(body.decode())["logout_token"][0]


def test_signing_out_tells_the_client(alice, browser, portal, receiver):
    assert work() == 0
    browser.post("/accounts/logout/")

    assert work() == 1

    (got,) = receiver.got
    said = verified(token_of(got), portal.application.client_id)
    assert jwt.get_unverified_header(token_of(got))["typ"] == "logout+jwt"
    assert set(said) == {"iss", "aud", "iat", "exp", "sub", "sid", "jti", "events"}
    assert (said["sub"], said["sid"]) == (str(alice.pk), browser.session_token["sid"])
    assert (said["events"], said["exp"] - said["iat"]) == ({EVENT: {}}, 120)
    assert work() == 0


def sign_out_by_the_client(browser, alice):
    page = browser.get("/api/oauth/v1/logout")
    assert page.status_code == 200
    browser.post("/api/oauth/v1/logout/confirm", {"answer": "sign_out"})


def end_at_security(browser, alice):
    UserSession.objects.create(user=alice, session_key=browser.session.session_key, ip="127.0.0.1", user_agent="x")
    cast.signed_in(alice).post("/account/security/sessions/end-others")


def switch_off(browser, alice):
    alice.is_active = False
    alice.save()


def change_password(browser, alice):
    new = {"oldpassword": cast.PASSWORD, "password1": "another battery", "password2": "another battery"}
    assert browser.post("/accounts/password/change/", new).status_code == 302


def change_it_elsewhere(browser, alice):
    change_password(cast.signed_in(alice), alice)


@pytest.mark.parametrize(
    "way", [sign_out_by_the_client, end_at_security, switch_off, change_password, change_it_elsewhere]
)
def test_every_way_out_tells_the_client(alice, browser, receiver, way):
    way(browser, alice)
    assert work() == 1
    assert len(receiver.got) == 1


def test_another_browser_is_left_alone(alice, browser, portal, receiver):
    other = cast.signed_in(alice)
    portal.ask(other, scope="openid")
    other.post("/accounts/logout/")
    assert work() == 1
    assert ClientSession.objects.filter(ended_at=None).count() == 1


def test_a_session_that_ran_out_tells_nobody(browser, receiver):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    chores.sweep_sessions(timezone.now())
    assert (work(), ClientSession.objects.count()) == (0, 0)


def test_who_is_back_has_another_sid(alice, browser, portal):
    switch_off(browser, alice)
    work()
    alice.is_active = True
    alice.save()
    code = sent_back(portal.ask(browser, scope="openid"))["code"]
    sid = verified(portal.redeem(code)["id_token"], portal.application.client_id)["sid"]
    assert sid != browser.session_token["sid"]


def test_a_refusal_is_tried_again_and_given_up(browser, receiver):
    receiver.behave = status(503)
    browser.post("/accounts/logout/")
    assert work() == 1
    assert work(seconds=59) == 0
    for seconds in (60, 400, 2400, 10_000, 90_000):
        work(seconds=seconds)
    tokens = [token_of(got) for got in receiver.got]
    assert len(tokens) == 1 + len(back_channel.BACKOFF_SECONDS) == len(set(tokens))
    row = ClientSession.objects.get()
    assert (row.due_at, row.outcome) == (None, "unexpected_status")


def test_a_killed_workers_attempt_is_made_again(browser, receiver, monkeypatch):
    browser.post("/accounts/logout/")
    with monkeypatch.context() as killed:
        killed.setattr(back_channel, "settle", lambda *_: None)
        work()
    assert ClientSession.objects.get().outcome == ""
    assert work(seconds=61) == 1
    assert ClientSession.objects.get().outcome == "ok"


def test_two_workers_make_one_attempt(browser):
    browser.post("/accounts/logout/")
    now = timezone.now()
    client_sessions.notice_ended(now)
    row = ClientSession.objects.get()
    assert [back_channel.take(row, now) for _ in range(2)] == [True, False]


def test_attack_089_an_address_inside_is_not_called(browser, receiver, settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    browser.post("/accounts/logout/")
    work()
    assert (receiver.got, ClientSession.objects.get().outcome) == ([], "address_refused")


def test_a_client_that_is_off_or_never_asked_is_not_told(browser, portal, receiver):
    portal.application.backchannel_logout_uri = ""
    portal.application.save()
    browser.post("/accounts/logout/")
    assert work() == 0
    assert ClientSession.objects.get().ended_at is not None


def test_old_rows_are_swept(browser):
    browser.post("/accounts/logout/")
    work()
    expiry.sweep(timezone.now() + timedelta(days=2))
    assert not ClientSession.objects.exists()


def test_the_token_and_the_address_reach_no_log(browser, receiver, capfd, caplog):
    browser.post("/accounts/logout/")
    work()
    logged = capfd.readouterr().err + caplog.text
    assert "logout told" in logged
    assert token_of(receiver.got[0]) not in logged
