"""globex is a white-label partner, its project is Shop; the meter is a machine client."""

import time
from importlib import import_module

import pytest

from tests import cast
from tests.clients import OAuthClient
from tests.partnership.clients import partner
from tests.usage.clients import MeterClient, white_label_project


@pytest.fixture
def globex(db):
    return partner("ps_globex000001", "Globex", is_white_label=True)


@pytest.fixture
def initech(db):
    """Another white-label partner."""
    return partner("ps_initech00001", "Initech", is_white_label=True)


@pytest.fixture
def shop(globex):
    return white_label_project(globex)


@pytest.fixture
def gauge(meter, shop):
    """The machine client at the wire; what it sends is the shop's unless it says otherwise."""
    return MeterClient(meter, str(shop.pk))


@pytest.fixture
def other_gauge(gauge):
    """Another machine client that meters the same project."""
    secret = "gcs_" + "o" * 43
    application = cast.machine_application("Other meter", secret=secret)
    return MeterClient(OAuthClient(application, secret, redirect_uri="-"), gauge.project)


@pytest.fixture
def in_new_york(monkeypatch):
    """A process that runs where clocks are put forward and back."""
    with monkeypatch.context() as here:
        here.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def one_clock(time_machine, monkeypatch):
    """Stops or moves both clocks: the store's is the database's, which no test can reach."""
    monkeypatch.setattr(import_module("usage.sql_store.clock"), "is_postgresql", lambda: False)
    return time_machine
