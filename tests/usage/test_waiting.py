"""Events that wait for ClickHouse are noticed: by Prometheus, staff and `doctor`. How they go: `test_clickhouse.py`."""

import socket
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import User
from config import attention, chores, examination, heartbeat
from config.feature_checks import check_clickhouse
from tests import cast
from tests.house.test_metrics import scrape, value
from tests.usage.embedded_clickhouse import Away
from usage import chosen_store, sql_store
from usage.clickhouse_store import ClickHouseStore
from usage.models import IngestGate, OutgoingBatch
from usage.sql_store import outbox

pytestmark = pytest.mark.django_db
DAY = date(2026, 2, 10)
KNOWN_BY = "gatehouse:hunter2"


def waits(*, since=timedelta(0), **keys):
    keys = keys or {"source_ids": "{1}", "event_ids": "{x}"}
    made = timezone.now() - since
    return OutgoingBatch.objects.create(generation=1, first_day=DAY, last_day=DAY, created_at=made, **keys)


def seen_by(person):
    request = RequestFactory().get("/admin/")
    request.user = User.objects.get(pk=person.pk)
    return [item.text for item in attention.items(request)]


@pytest.fixture
def olivia():
    return cast.person("olivia@example.com", "Olivia", is_staff=True, is_superuser=True)


def test_how_many_batches_wait_and_how_long_is_told():
    waits(since=timedelta(seconds=90))
    waits()

    text = scrape().content.decode()

    assert value(text, 'gatehouse_queue_depth{queue="event_copies"}') == 2
    assert 90 <= value(text, "gatehouse_usage_copy_oldest_seconds") < 120


def test_what_was_there_before_and_goes_by_and_by_is_not_late():
    waits(since=timedelta(days=1), source_ids=None, event_ids=None)

    assert value(scrape().content.decode(), "gatehouse_usage_copy_oldest_seconds") == 0


def test_staff_see_it_after_ten_minutes(olivia, mallory):
    heartbeat.beat(timezone.now())
    waits(since=timedelta(minutes=9))
    assert seen_by(olivia) == []
    waits(since=timedelta(minutes=11))
    assert seen_by(olivia) == ["Usage events have waited 11 minutes for ClickHouse"]
    assert seen_by(mallory) == []


def test_doctor_says_nothing_where_events_are_in_the_database_alone():
    assert examination.clickhouse(timezone.now()) == []


def test_doctor_tells_of_a_clickhouse_that_is_away_without_its_password(settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings.CLICKHOUSE_URL = f"http://{KNOWN_BY}@127.0.0.1:{port}/gatehouse"

    [line] = examination.clickhouse(timezone.now())

    assert (line.level, "hunter2" in line.text) == ("fail", False)


def test_doctor_tells_of_an_outbox_that_nobody_empties_and_a_command_ends_it():
    outbox_on(True)
    waits()
    [line] = examination.clickhouse(timezone.now())
    assert (line.level, "stop_copying" in line.text) == ("warn", True)

    out = StringIO()
    call_command("stop_copying", stdout=out)

    assert out.getvalue() == "1 batches were waiting; events are in the database alone\n"
    assert (examination.clickhouse(timezone.now()), OutgoingBatch.objects.count()) == ([], 0)


def outbox_on(is_on):
    sql_store.store.keep_house(timezone.now())
    IngestGate.objects.update(is_copied=is_on)


@pytest.mark.parametrize(
    ("url", "database", "faults"),
    [
        ("", "sqlite:///x", []),
        (f"https://{KNOWN_BY}@clickhouse:8443/gatehouse", "postgresql:///gatehouse", []),
        ("clickhouse://hunter2@clickhouse:9000", "postgresql:///gatehouse", ["GH018"]),
        ("http://clickhouse:8123", "sqlite:///x", ["GH018"]),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_at_the_start(settings, url, database, faults):
    settings.CLICKHOUSE_URL, settings.DATABASE_URL = url, database

    found = list(check_clickhouse())

    assert [fault.code for fault in found] == faults
    assert "hunter2" not in str(found)


def test_a_store_of_its_own_is_chosen_by_the_setting():
    assert chosen_store.store is sql_store.store
    assert isinstance(chosen_store.choose("http://clickhouse:8123/gatehouse"), ClickHouseStore)


@pytest.mark.postgres
def test_an_ingest_notes_itself_by_the_gate_and_not_by_its_own_environment(gauge):
    assert gauge.verdicts(gauge.event("before")) == ["ok"]
    assert OutgoingBatch.objects.count() == 0
    outbox.begin()
    OutgoingBatch.objects.all().delete()

    assert gauge.verdicts(gauge.event("after"), gauge.void("v", "before")) == ["ok", "ok"]

    assert OutgoingBatch.objects.count() == 2  # what was recorded; what was taken back, with its void


@pytest.mark.postgres
def test_the_worker_tries_again_without_a_stack_for_each_try(monkeypatch):
    monkeypatch.setattr(chores, "store", ClickHouseStore(Away()))
    assert chores.copy_events(timezone.now()) == {}
