"""Device polls and answers in parallel (attack 86)."""

from functools import partial

import pytest
from django.test import Client
from django.utils import timezone

from oauth_provider import consent
from oauth_provider.models import AccessToken, DeviceGrant, TokenFamily
from tests.cast import signed_in
from tests.clients import profile
from tests.devices import Device, enter, press

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def poller(tv, device_code):
    return partial(Device(tv.application, wire=Client()).poll, device_code)


@pytest.mark.contract("oauth.md", "token", "device_code")
def test_attack_086_parallel_polls_get_tokens_once(alice, acme_tv, at_once):
    answers = at_once(*[poller(acme_tv, acme_tv.code_allowed_by(alice))] * 30)
    assert sorted(answer.status for answer in answers) == [200] + [400] * 29
    assert {answer.error for answer in answers if answer.status == 400} == {"invalid_grant"}
    assert (TokenFamily.objects.count(), AccessToken.objects.count()) == (1, 1)
    (winner,) = [answer for answer in answers if answer.status == 200]
    assert profile(winner["access_token"]).status == 200


def test_attack_083_of_parallel_polls_all_but_one_are_slowed_down(acme_tv, at_once):
    answers = at_once(*[poller(acme_tv, acme_tv.ask_for_codes()["device_code"])] * 10)
    assert sorted(answer.error for answer in answers) == ["authorization_pending"] + ["slow_down"] * 9
    assert DeviceGrant.objects.get().interval_seconds == 5 + 9 * 5


def test_one_answer_of_allow_and_cancel_counts(alice, acme_tv, at_once):
    codes = acme_tv.ask_for_codes()
    browser = signed_in(alice)
    page = enter(browser, codes["user_code"])
    pages = at_once(*[partial(press, browser, page, choice) for choice in ("allow", "cancel")] * 4)
    texts = [page.content.decode() for page in pages]
    assert sum("Allowed. Go back" in text or "Nothing was allowed." in text for text in texts) == 1
    assert sum("This code is unknown" in text for text in texts) == 7


@pytest.mark.parametrize("round_", range(5))
def test_attack_097_consent_revoked_against_a_poll(alice, acme_tv, at_once, round_):
    device_code = acme_tv.code_allowed_by(alice)
    revoke = partial(consent.revoke, acme_tv.application, alice, timezone.now())
    _, answer = at_once(revoke, poller(acme_tv, device_code))
    assert answer.status == 400 or profile(answer["access_token"]).status == 401


@pytest.mark.parametrize("round_", range(5))
def test_attack_097_consent_revoked_against_an_answer(alice, acme_tv, at_once, round_):
    acme_tv.code_allowed_by(alice)
    codes = acme_tv.ask_for_codes()
    browser = signed_in(alice)
    page = enter(browser, codes["user_code"])
    revoke = partial(consent.revoke, acme_tv.application, alice, timezone.now())
    at_once(revoke, partial(press, browser, page))
    tokens = acme_tv.poll(codes["device_code"])
    assert (tokens.status == 200) == bool(consent.remembered(acme_tv.application, alice))
