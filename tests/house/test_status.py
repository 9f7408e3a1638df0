"""/status: whether it works, for people, also where nothing works, and without telling what it is made of."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from config import heartbeat
from oauth_provider import keys
from tests import cast

SECRET = "password=hunter2 host=10.1.2.3"


@pytest.fixture
def running(db, settings, tmp_path):
    """A deployment with everything in its place."""
    settings.VAR = tmp_path
    keys.rotate(timezone.now())
    heartbeat.beat(timezone.now())


@contextmanager
def no_database():
    def refuse(*_args):
        raise OperationalError(SECRET)

    with connection.execute_wrapper(refuse):
        yield


def test_everything_works(running):
    page = Client().get("/status")

    assert page.status_code == 200
    assert "Everything works." in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]


def test_a_worker_that_is_silent_is_a_delay(running):
    heartbeat.beat(timezone.now() - timedelta(minutes=5))

    page = Client().get("/status")

    assert page.status_code == 200
    assert "Some things take longer than usual." in page.content.decode()


def test_it_answers_a_person_who_is_signed_in_while_the_database_is_down(running, alice):
    browser = cast.signed_in(alice)

    with no_database():
        page = browser.get("/status")

    assert page.status_code == 503
    assert "Some things do not work." in page.content.decode()


def test_nothing_of_the_inside_is_told(running, settings):
    with no_database():
        text = Client().get("/status").content.decode()

    assert SECRET not in text
    for told in ("sqlite", "postgres", "redis", "OperationalError", settings.VERSION):
        assert told not in text.lower()
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", text)
