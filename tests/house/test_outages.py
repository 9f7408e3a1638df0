"""Database, Redis or disk away: 503 with Retry-After in the dialect of the path, and reads go on without Redis."""

import errno
import sqlite3

import pytest
import redis
from django.db import InterfaceError, OperationalError
from django.test import Client

from accounts import rate_limit
from config import outages
from tests import cast
from tests.house.test_metrics import scrape
from tests.lanes.server import free_port

AWAY = (503, "5")


def redis_that_is_away():
    """Settings of a cache at a port where nobody listens."""
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
        }
    }


@pytest.fixture
def no_redis(settings):
    settings.CACHES = redis_that_is_away()
    settings.REDIS_URL = settings.CACHES["default"]["LOCATION"]
    rate_limit.line.cache_clear()
    yield
    rate_limit.line.cache_clear()


def said(response):
    return response.status_code, response.get("Retry-After")


def test_sign_in_token_device_registration_and_authorize_are_refused_while_nobody_counts(alice, acme_app, no_redis):
    client = Client()

    token = acme_app.post_token(grant_type="authorization_code", code="x")
    assert (token.status, token.error) == (503, "temporarily_unavailable")
    assert said(client.post("/accounts/login/", {"login": alice.email, "password": cast.PASSWORD})) == AWAY
    assert said(client.get("/api/oauth/v1/authorize")) == AWAY
    register = {"redirect_uris": ["https://new.example/callback"], "client_name": "New"}
    assert said(client.post("/api/oauth/v1/clients/register", register, "application/json")) == AWAY
    guess = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "guessed"}
    assert said(client.post("/api/oauth/v1/token", guess, "application/json")) == AWAY


def test_profile_key_set_and_discovery_are_read_without_it(alice, acme_app, request):
    tokens = acme_app.redeem(acme_app.code_for(alice))
    request.getfixturevalue("no_redis")

    bearer = {"Authorization": f"Bearer {tokens.body['access_token']}"}
    profile = Client().get("/auth/v1/profile", headers=bearer)
    assert profile.status_code == 200
    assert profile["RateLimit"].startswith('"profile";r=99')
    for path in ("/api/oauth/v1/jwks.json", "/.well-known/oauth-authorization-server"):
        assert Client().get(path).status_code == 200


def test_metrics_tell_what_was_not_counted(db, no_redis):
    before = uncounted()
    Client().get("/api/oauth/v1/authorize")
    assert uncounted() == before + 1


def uncounted():
    lines = scrape().content.decode().splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("gatehouse_limits_uncounted_total") and "authorize" in line
    )


def test_redis_that_does_not_answer_is_left_alone_for_a_moment():
    counters = rate_limit.Counters()
    with pytest.raises(redis.TimeoutError), counters.asked():
        raise redis.TimeoutError
    with pytest.raises(redis.TimeoutError), counters.asked():
        pytest.fail("asked again")


def by(code):
    cause = sqlite3.OperationalError()
    cause.sqlite_errorcode = code
    fault = OperationalError()
    fault.__cause__ = cause
    return fault


@pytest.mark.parametrize(
    "fault",
    [
        OperationalError(),
        InterfaceError(),
        by(sqlite3.SQLITE_FULL),
        by(sqlite3.SQLITE_IOERR_WRITE),
        by(sqlite3.SQLITE_BUSY),
        redis.ConnectionError(),
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EMFILE, "Too many open files"),
    ],
)
def test_what_may_be_tried_again_is_a_503(fault):
    assert outages.refusal(fault).status == 503


@pytest.mark.parametrize("fault", [by(sqlite3.SQLITE_ERROR), OSError(errno.EACCES, "no"), ValueError(), None])
def test_what_is_wrong_with_us_is_not(fault):
    assert outages.refusal(fault) is None
