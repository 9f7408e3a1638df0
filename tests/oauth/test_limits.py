"""Rate limits: the right one runs out, and only for who used it up."""

import base64

import pytest
import redis
from django.test import Client

from tests.cast import signed_in, web_application
from tests.clients import TOKEN, OAuthClient, profile

# A window of a limit that ended in the middle of a test would count from nought again.
pytestmark = pytest.mark.usefixtures("later")


@pytest.fixture
def three_a_minute(settings):
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (3, 60))


def wrong(client_id, address="127.0.0.1", **headers):
    body = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": client_id, "client_secret": "wrong"}
    return Client(REMOTE_ADDR=address).post(TOKEN, body, content_type="application/json", headers=headers)


@pytest.mark.contract("oauth.md", "Rate limits", "token")
def test_a_client_over_its_limit_is_told_when_to_come_back(three_a_minute, acme_app):
    for _ in range(3):
        answer = acme_app.refresh("x")
        assert answer.status == 400
    answer = acme_app.refresh("x")
    assert (answer.status, answer.error) == (429, "temporarily_unavailable")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["RateLimit-Policy"] == '"token";q=3;w=60'
    assert answer.headers["RateLimit"].startswith('"token";r=0;t=')


@pytest.mark.contract("README.md", "Rules for all of them", "7")
def test_an_allowed_answer_says_what_is_left(alice, acme_app):
    answer = acme_app.tokens_for(alice)
    assert answer.headers["RateLimit-Policy"] == '"token";q=50;w=60'
    assert answer.headers["RateLimit"].startswith('"token";r=49;t=')


@pytest.mark.contract("oauth.md", "Rate limits", "client failure")
def test_attack_093_failures_never_use_up_the_clients_limit(three_a_minute, alice, acme_app):
    statuses = [wrong(acme_app.application.client_id).status_code for _ in range(6)]
    assert statuses == [401, 401, 401, 429, 429, 429]
    assert acme_app.refresh("x").error == "invalid_grant"


@pytest.mark.contract("oauth.md", "Rate limits", "token")
def test_attack_093_unknown_clients_count_against_their_address(three_a_minute, db):
    statuses = [wrong(f"clf_{number}").status_code for number in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert wrong("clf_x", address="127.0.0.9").status_code == 401


@pytest.mark.parametrize("presents", [{}, {"grant_type": "password"}, {"grant_type": "authorization_code"}])
def test_what_presents_no_grant_counts_as_well(three_a_minute, acme_app, presents):
    answers = [acme_app.post_token(**presents) for _ in range(4)]
    assert [answer.status for answer in answers] == [400, 400, 400, 429]
    assert answers[0].headers["RateLimit"].startswith('"token";r=2;t=')
    stranger = {**presents, "client_id": acme_app.application.client_id, "client_secret": "wrong"}
    refused = [Client().post(TOKEN, stranger, "application/json") for _ in range(4)]
    assert [answer.status_code for answer in refused] == [401, 401, 401, 429]


@pytest.mark.parametrize(
    "who", [{}, {"Authorization": "Basic !!!"}, {"Authorization": "Basic " + base64.b64encode(b"nobody").decode()}]
)
def test_attack_093_who_names_no_client_counts_as_well(three_a_minute, db, who):
    answers = [
        Client().post(TOKEN, {"grant_type": "client_credentials"}, "application/json", headers=who) for _ in range(5)
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert answers[0]["RateLimit"].startswith('"client_failure";r=2;t=')


def test_attack_093_one_client_cannot_exhaust_another(three_a_minute, acme_app):
    other = OAuthClient(web_application("Other", secret="gcs_" + "o" * 43), "gcs_" + "o" * 43)
    for _ in range(5):
        acme_app.refresh("x")
    assert other.refresh("x").error == "invalid_grant"


@pytest.mark.contract("oauth.md", "Rate limits", "token")
def test_users_of_a_cli_at_two_addresses_do_not_share(three_a_minute, acme_cli):
    for _ in range(4):
        last = acme_cli.refresh("x")
    assert last.status == 429
    acme_cli.wire = Client(REMOTE_ADDR="127.0.0.9")
    assert acme_cli.refresh("x").status == 400


def test_attack_092_a_forwarded_address_is_not_believed(three_a_minute, db):
    statuses = [wrong("clf_x", **{"X-Forwarded-For": f"10.0.0.{n}"}).status_code for n in range(4)]
    assert statuses[-1] == 429


def test_attack_092_behind_a_trusted_proxy_the_nearest_untrusted_hop_counts(three_a_minute, db, settings):
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    for n in range(4):
        last = wrong("clf_x", **{"X-Forwarded-For": f"10.0.0.{n}, 192.0.2.7"})
    assert last.status_code == 429
    assert wrong("clf_x", **{"X-Forwarded-For": "192.0.2.8"}).status_code == 401


@pytest.mark.contract("oauth.md", "Rate limits", "profile")
def test_the_profile_is_limited_by_token(three_a_minute, alice, acme_app):
    one, two = acme_app.tokens_for(alice)["access_token"], acme_app.tokens_for(alice)["access_token"]
    for _ in range(3):
        assert profile(one).status == 200
    answer = profile(one)
    assert (answer.status, answer["code"]) == (429, "rate_limited")
    assert profile(two).status == 200


@pytest.mark.contract("oauth.md", "Rate limits", "authorize")
def test_authorize_is_limited_by_address(three_a_minute, alice, acme_app):
    browser = signed_in(alice)
    for _ in range(3):
        page = acme_app.ask(browser)
    assert page["RateLimit-Policy"] == '"authorize";q=3;w=60'
    refused = acme_app.ask(browser)
    assert refused.status_code == 429
    assert refused["Content-Type"].startswith("text/html")
    assert "Retry-After" in refused


def test_a_window_ends(three_a_minute, acme_app, later, settings):
    for _ in range(4):
        answer = acme_app.refresh("x")
    if settings.REDIS_URL:
        # Its clock is not ours to move: the key itself must know its end.
        assert 0 < redis.Redis.from_url(settings.REDIS_URL).ttl(f"limit:token:{acme_app.application.client_id}") <= 60
        return
    later(seconds=int(answer.headers["Retry-After"]) + 1)
    assert acme_app.refresh("x").status == 400
