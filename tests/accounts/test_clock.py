"""The clock of every host is the database's (accounts/clock.py)."""

import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DataError, connection, transaction
from django.utils import timezone

from accounts import clock

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def of_the_database(monkeypatch):
    monkeypatch.setattr(clock, "is_postgresql", lambda: True)
    monkeypatch.setattr(clock, "last", None)


def skew():
    return (clock.now() - by_the_database()).total_seconds()


def by_the_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("days", [-400, 2])
def test_a_host_whose_clock_is_wrong_goes_by_the_databases(time_machine, days):
    time_machine.move_to(timezone.now() + timedelta(days=days), tick=True)
    assert skew() == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("days", [-400, 2])
def test_a_clock_that_jumps_is_read_anew(time_machine, days):
    clock.now()
    time_machine.move_to(timezone.now() + timedelta(days=days), tick=True)
    assert skew() == pytest.approx(0, abs=0.2)


def test_it_is_not_asked_each_time(django_assert_num_queries):
    clock.now()
    with django_assert_num_queries(0):
        assert clock.now() < clock.now()


def test_without_the_database_it_goes_on_from_the_last_reading(monkeypatch):
    seconds = time.monotonic() - clock.READ_EVERY_SECONDS - 1
    old = clock.Reading(by_the_database() - timedelta(hours=1), time.time(), seconds)
    monkeypatch.setattr(clock, "last", old)
    with transaction.atomic():
        with connection.cursor() as cursor, suppress(DataError):
            cursor.execute("SELECT 1 / 0")  # in this transaction it answers nothing any more
        went_on = clock.now() - old.at
        transaction.set_rollback(True)
    assert went_on.total_seconds() == pytest.approx(clock.READ_EVERY_SECONDS + 1, abs=5)
