"""Fixtures for every test. The environment is that of `tests/environment.py`."""

import gc
import os
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from accounts import clock
from oauth_provider import keys
from partnership import request_log
from tests import cast, receivers
from tests.clients import OAuthClient
from tests.devices import Device
from usage.sql_store import ledger

make_key = keys.generate
RSA_KEYS: list[keys.PrivateKey] = []


def pytest_configure() -> None:
    # What Django makes is full of cycles: looking for them after every 700 objects is a fifth of the run.
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)
    # Nobody guesses passwords here, and a slow hash in every fixture would be most of the run.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Each of the thousands of test clients starts a handler of its own, which would list every static file.
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The tests' database is a copy of one that is migrated, where TEST_TEMPLATE names one."""
    connection.settings_dict["TEST"]["TEMPLATE"] = os.environ.get("TEST_TEMPLATE")


@pytest.fixture(autouse=True)
def fresh_process() -> None:
    """What a process keeps between requests is not kept between tests."""
    cache.clear()
    for ring in keys.RINGS.values():
        ring.forget()
    ledger.KNOWN.clear()
    request_log.waiting.clear()


@pytest.fixture(autouse=True)
def clock_of_this_process(monkeypatch) -> None:
    """Tests set the clock of this process: the database's goes on by itself."""
    monkeypatch.setattr(clock, "is_postgresql", lambda: False)


@pytest.fixture(autouse=True)
def prepared_keys(monkeypatch) -> None:
    """Real RSA keys, made once for all tests of a process: one takes longer than most tests do."""
    given = iter(range(1000))

    def generate(algorithm: str) -> keys.PrivateKey:
        if algorithm == "ES256":
            return make_key(algorithm)
        number = next(given)
        if number == len(RSA_KEYS):
            RSA_KEYS.append(make_key(algorithm))
        return RSA_KEYS[number]

    monkeypatch.setattr(keys, "generate", generate)


@pytest.fixture
def later(time_machine):
    """Stops the clock, and lets time pass by the second: `later(seconds=31)`."""
    time_machine.move_to(datetime.now(UTC), tick=False)

    def pass_(**span: float) -> None:
        time_machine.move_to(datetime.now(UTC) + timedelta(**span), tick=False)

    return pass_


@pytest.fixture
def receiver():
    """A server on loopback that remembers what came."""
    with receivers.receiving() as receiver:
        yield receiver


@pytest.fixture
def alice(db):
    return cast.person("alice@example.com", "Alice Example")


@pytest.fixture
def bob(db):
    return cast.person("bob@example.com", "Bob Example")


@pytest.fixture
def mallory(db):
    return cast.person("mallory@example.com", "Mallory")


@pytest.fixture
def acme_app(db):
    """A confidential web client that keeps its refresh token."""
    return OAuthClient(cast.web_application(), cast.ACME_SECRET)


@pytest.fixture
def acme_cli(db):
    """A public client on loopback; it came from port 53123 this time."""
    return OAuthClient(cast.native_application(), redirect_uri="http://127.0.0.1:53123/callback")


@pytest.fixture
def acme_tv(db):
    """A public client that no browser comes back to."""
    return Device(cast.native_application("Acme TV", redirect_uris="", allows_device_grant=True))


@pytest.fixture
def meter(db):
    return OAuthClient(cast.machine_application(), cast.METER_SECRET, redirect_uri="-")
