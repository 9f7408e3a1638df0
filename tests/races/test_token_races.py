"""What must hold whatever runs in parallel (attacks 42, 64, 97)."""

from functools import partial

import pytest
from django.test import Client
from django.utils import timezone

from oauth_provider import consent
from oauth_provider.models import AccessToken, Application, TokenFamily
from tests.cast import signed_in
from tests.clients import OAuthClient, profile

# Every race puts the rows of the migrations back: one that did not would leave none to the next.
pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture(autouse=True)
def no_limits(settings):
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10000, 60))


def redeemer(app, code):
    """A redemption by a process of its own."""
    return partial(OAuthClient(app.application, app.secret, app.redirect_uri, Client()).redeem, code)


def refresher(app, token):
    return partial(OAuthClient(app.application, app.secret, app.redirect_uri, Client()).refresh, token)


@pytest.mark.contract("oauth.md", "authorize", "second use")
def test_attack_042_fifty_parallel_redemptions(alice, acme_app, at_once):
    code = acme_app.code_for(alice)
    answers = at_once(*[redeemer(acme_app, code)] * 50)
    assert sorted(answer.status for answer in answers) == [200] + [400] * 49
    assert {answer.error for answer in answers if answer.status == 400} == {"invalid_grant"}
    (winner,) = [answer for answer in answers if answer.status == 200]
    assert profile(winner["access_token"]).status == 401
    assert acme_app.refresh(winner["refresh_token"]).error == "invalid_grant"


@pytest.mark.contract("oauth.md", "token", "refresh grace")
def test_attack_064_twenty_parallel_refreshes(alice, acme_cli, at_once):
    first = acme_cli.tokens_for(alice)
    answers = at_once(*[refresher(acme_cli, first["refresh_token"])] * 20)
    assert {answer.status for answer in answers} == {200}
    assert len({answer["refresh_token"] for answer in answers}) == 1
    assert len({answer["access_token"] for answer in answers}) == 20
    assert all(profile(answer["access_token"]).status == 200 for answer in answers)
    assert TokenFamily.objects.get().counter == 1


def test_a_confidential_client_may_refresh_in_parallel_too(alice, acme_app, at_once):
    first = acme_app.tokens_for(alice)
    answers = at_once(*[refresher(acme_app, first["refresh_token"])] * 10)
    assert {(answer.status, answer["refresh_token"]) for answer in answers} == {(200, first["refresh_token"])}


def live_tokens(answers):
    given = [answer["access_token"] for answer in answers if answer and answer.status == 200]
    return [token for token in given if profile(token).status == 200]


@pytest.mark.parametrize("round_", range(5))
def test_attack_097_revoke_against_refresh(alice, acme_cli, at_once, round_):
    first = acme_cli.tokens_for(alice)
    revoke = partial(acme_cli.revoke, first["refresh_token"])
    answers = at_once(revoke, *[refresher(acme_cli, first["refresh_token"])] * 5)
    assert live_tokens(answers[1:]) == []
    assert profile(first["access_token"]).status == 401


@pytest.mark.parametrize("round_", range(5))
def test_attack_097_consent_revoked_against_redemption(alice, acme_app, at_once, round_):
    code = acme_app.code_for(alice)
    revoke = partial(consent.revoke, acme_app.application, alice, timezone.now())
    answers = at_once(revoke, redeemer(acme_app, code))
    assert live_tokens(answers[1:]) == []


@pytest.mark.parametrize("round_", range(5))
def test_attack_097_consent_revoked_against_a_remembered_consent(alice, acme_app, at_once, round_):
    acme_app.code_for(alice)
    browser = signed_in(alice)
    revoke = partial(consent.revoke, acme_app.application, alice, timezone.now())
    _, response = at_once(revoke, partial(acme_app.ask, browser))
    if response.status_code == 302:
        code = response["Location"].partition("code=")[2].partition("&")[0]
        assert acme_app.redeem(code).error == "invalid_grant"


@pytest.mark.parametrize("round_", range(5))
def test_attack_097_a_changed_password_against_redemption(alice, acme_app, at_once, round_):
    code = acme_app.code_for(alice)

    def change():
        alice.set_password("another good password")
        alice.save()

    answers = at_once(change, redeemer(acme_app, code))
    assert live_tokens(answers[1:]) == []


@pytest.mark.parametrize("round_", range(5))
def test_attack_097_disable_against_token(alice, acme_app, meter, at_once, round_):
    code = acme_app.code_for(alice)
    disable = partial(Application.objects.update, is_enabled=False)
    machine = partial(meter.post_token, grant_type="client_credentials")
    answers = at_once(disable, redeemer(acme_app, code), machine)
    assert live_tokens(answers[1:2]) == []
    assert AccessToken.objects.count() <= 2


def test_one_answer_to_a_consent_page_counts(alice, acme_app, at_once):
    browser = signed_in(alice)
    page = acme_app.ask(browser)
    responses = at_once(*[partial(acme_app.allow, browser, page)] * 8)
    assert sorted(response.status_code for response in responses) == [302] + [403] * 7


def test_two_first_consents_at_once(alice, acme_app, at_once):
    browser = signed_in(alice)
    pages = [acme_app.ask(browser, scope=scope) for scope in ("user:read", "projects:read")]
    responses = at_once(*[partial(acme_app.allow, browser, page) for page in pages])
    assert {response.status_code for response in responses} == {302}
    assert consent.remembered(acme_app.application, alice) == "user:read projects:read"
