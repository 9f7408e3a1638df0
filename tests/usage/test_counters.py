"""Counters of projects' own backends: real servers on loopback, some of which lie or hang."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from accounts.encryption import encrypt
from partnership import project_keys
from partnership.models import Project, Provisioner
from tests import receivers
from tests.receivers import drip, flood, receiving, slow, status
from tests.usage.measuring import Crash, crash, events, figures
from tests.usage.world import World
from usage import backend_answers, collection_rows, collectors, counters
from usage.models import Collection
from usage.models import Event as UsageEvent
from usage.sql_store import store

pytestmark = pytest.mark.django_db

BORN = datetime(2026, 2, 10, 11, 50, tzinfo=UTC)
FIRST = datetime(2026, 2, 10, 11, 45, tzinfo=UTC)
NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)
OVER = NOON + timedelta(minutes=5)  # the first interval, and its grace
QUARTER = timedelta(minutes=15)
TODAY = NOON.date()


def telling(**usage: object) -> receivers.Behave:
    """The same in each interval, with whatever was asked repeated."""

    def behave(handler) -> None:
        span = dict(parse_qsl(urlsplit(handler.path).query))
        status(200, json.dumps({**span, "usage": usage}).encode())(handler)

    return behave


@pytest.fixture
def world(db, settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    return World()


@pytest.fixture
def backend():
    with receiving() as server:
        server.behave = telling(ai_tokens=7, ai_credits="0.25")
        yield server


@pytest.fixture
def shop(world, backend):
    set_path("/usage/v1/counters")
    return place(world, backend)


def set_path(path: object) -> None:
    held = encrypt(json.dumps({"usage_path": path}))
    Provisioner.objects.filter(kind="embedded").update(encrypted_settings=held)


def place(world, server, born: datetime = BORN, **made: str):
    id_ = world.project(born=born, **made)
    Project.objects.filter(pk=id_).update(provisioned_host=f"http://127.0.0.1:{server.port}")
    project_keys.add(Project.objects.get(pk=id_), born)
    return id_


def row(project) -> Collection:
    return Collection.objects.get(project=project, kind="counters")


def counted(project, day=TODAY):
    return figures(project, day, "ai_tokens", "ai_credits")


@pytest.mark.contract("usage.md", "Metering in", "collectors")
def test_a_backend_is_asked_once_for_each_interval_that_is_over(backend, shop):
    assert counters.collect(OVER - timedelta(seconds=1)) == 1
    assert (backend.got, row(shop).due_at) == ([], OVER)
    assert [counters.collect(OVER), counters.collect(OVER)] == [1, 0]
    assert counted(shop) == (7, 250_000)
    assert counters.collect(OVER + QUARTER) == 1
    assert counted(shop) == (14, 500_000)
    assert list(UsageEvent.objects.order_by("at").values_list("at", flat=True)) == [FIRST, NOON]


def test_it_is_asked_at_its_path_with_its_interval_and_the_projects_current_key(backend, shop):
    asked = []

    def behave(handler) -> None:
        asked.append((handler.command, handler.path))
        telling()(handler)

    backend.behave = behave
    key, _ = project_keys.rotate(Project.objects.get(pk=shop), overlap_seconds=60, now=NOON)
    counters.collect(OVER)
    span = "start=2026-02-10T11%3A45%3A00Z&end=2026-02-10T12%3A00%3A00Z"
    assert asked == [("GET", f"/usage/v1/counters?{span}")]
    [(headers, _)] = backend.got
    assert headers["authorization"] == f"Bearer {key}"


def test_a_provisioner_without_the_setting_has_nobody_asked(backend, shop):
    set_path("")
    assert counters.collect(OVER) == 0
    assert (backend.got, Collection.objects.count()) == ([], 0)


@pytest.mark.parametrize("path", ["counters", ".evil.example/x", "@evil.example/", "/x?y=1", "/x#y", 5])
def test_attack_089_a_path_that_would_be_another_host_is_never_asked(backend, shop, path):
    set_path(path)
    assert counters.collect(OVER) == 0
    assert backend.got == []


def test_settings_that_nobody_can_read_stop_no_other_provisioner(backend, shop):
    Provisioner.objects.create(name="broken", kind="embedded", encrypted_settings="not encrypted")
    counters.collect(OVER)
    assert counted(shop) == (7, 250_000)


def test_attack_089_no_loopback_in_production(backend, shop, settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    counters.collect(OVER)
    assert (backend.got, row(shop).failure) == ([], "address_refused")


def test_a_customized_domain_does_not_answer_for_the_bill(backend, shop):
    Project.objects.filter(pk=shop).update(customized_domain="mine.invalid")
    counters.collect(OVER)
    assert counted(shop) == (7, 250_000)


SPAN = {"start": "2026-02-10T11:45:00Z", "end": "2026-02-10T12:00:00Z"}


def answering(**body: object) -> receivers.Behave:
    return status(200, json.dumps(body).encode())


@pytest.mark.contract("usage.md", "Metering in", "not measured")
@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        (answering(**SPAN), "invalid_answer"),
        (answering(usage={"ai_tokens": 1}), "invalid_answer"),
        (answering(**{**SPAN, "end": "2026-02-10T12:15:00Z"}, usage={"ai_tokens": 1}), "invalid_answer"),
        (answering(**SPAN, usage={"ai_tokens": 1}, more=1), "invalid_answer"),
        (answering(**SPAN, usage=[1]), "invalid_answer"),
        (telling(ai_tokens=-1), "invalid_answer"),
        (telling(ai_tokens=1.5), "invalid_answer"),
        (telling(ai_tokens=True), "invalid_answer"),
        (telling(ai_tokens=2**53), "invalid_answer"),
        (telling(ai_tokens=1, dreams=1), "invalid_answer"),
        (telling(ai_tokens=1, database_size_bytes=1), "invalid_answer"),
        (telling(ai_tokens=1, ec2_compute=900), "invalid_answer"),
        (status(200, b'{"usage": {"ai_tokens": 1, "ai_tokens": 2}}'), "invalid_answer"),
        (status(200, b"\xff"), "invalid_answer"),
        (status(200, b"[" * 4000), "invalid_answer"),
        (status(204), "unexpected_status"),
        (status(500), "unexpected_status"),
        (status(302, Location="https://example.com/"), "redirect_refused"),
        (flood, "answer_too_large"),
        (receivers.cut_off, "invalid_answer"),
        (receivers.no_http, "invalid_answer"),
    ],
)
def test_what_is_no_answer_counts_nothing_and_is_tried_again(backend, shop, behave, reason):
    backend.behave = behave
    counters.collect(OVER)
    assert (events(), row(shop).failure, row(shop).due_at) == (0, reason, OVER + timedelta(minutes=1))
    backend.behave = telling(ai_tokens=7, ai_credits="0.25")
    counters.collect(OVER + timedelta(minutes=1))
    assert (counted(shop), row(shop).failure) == ((7, 250_000), "")


@pytest.mark.parametrize("behave", [slow(3.0), drip])
def test_a_slow_one_is_given_up_and_stops_no_other(world, backend, shop, monkeypatch, behave):
    monkeypatch.setattr(backend_answers, "TIMEOUT_SECONDS", 1.0)  # a busy machine answers a quick one within it
    backend.behave = behave
    with receiving() as quick:
        quick.behave = telling(ai_tokens=3)
        other = place(world, quick)
        assert counters.collect(OVER) == 2
    assert (row(shop).failure, row(other).failure) == ("timed_out", "")
    assert counted(other) == (3, 0)


def test_410_skips_the_interval(backend, shop):
    backend.behave = status(410)
    counters.collect(OVER)
    assert (events(), row(shop).failure, row(shop).collected_before) == (0, "", NOON)


def test_zeros_are_no_event_and_no_activity(backend, shop):
    backend.behave = telling(ai_tokens=0)
    counters.collect(OVER)
    assert (events(), row(shop).collected_before) == (0, NOON)
    assert Project.objects.get(pk=shop).last_activity_at is None


def test_what_was_missed_is_made_up_for_a_part_at_a_time(backend, shop, monkeypatch):
    monkeypatch.setattr(counters, "INTERVALS_AT_ONCE", 3)
    monkeypatch.setattr(counters, "ROUND_SECONDS", 0.0)
    now = OVER + 6 * QUARTER
    assert [counters.collect(now), row(shop).collected_before] == [1, FIRST + 3 * QUARTER]
    assert [counters.collect(now) for _ in range(3)] == [1, 1, 0]
    assert len(backend.got) == events() == 7
    assert counted(shop) == (49, 7 * 250_000)


def test_what_is_older_than_35_days_is_not_asked_for(world, backend, shop, monkeypatch):
    monkeypatch.setattr(counters, "ROUND_SECONDS", 0.0)
    Project.objects.filter(pk=shop).update(created_at=BORN - timedelta(days=90))
    counters.collect(OVER)
    first = UsageEvent.objects.order_by("at").first()
    assert OVER - timedelta(days=35) <= first.at < OVER - timedelta(days=35) + 2 * QUARTER


def test_what_was_counted_before_a_failure_stays(backend, shop):
    def behave(handler) -> None:
        (telling(ai_tokens=7) if len(backend.got) < 3 else status(500))(handler)

    backend.behave = behave
    counters.collect(OVER + 4 * QUARTER)
    assert counted(shop) == (14, 0)
    assert (row(shop).collected_before, row(shop).failures) == (FIRST + 2 * QUARTER, 1)


@pytest.mark.contract("usage.md", "Metering in", "collected once")
@pytest.mark.parametrize("where", [(collectors, "count"), (store, "record"), (collection_rows, "settle")])
def test_a_crash_on_the_way_counts_once(backend, shop, monkeypatch, where):
    with monkeypatch.context() as here:
        here.setattr(*where, crash)
        with pytest.raises(Crash):
            counters.collect(OVER)
    backend.behave = telling(mcp_calls=9)
    counters.collect(OVER + collection_rows.LEASE)
    assert events() == 1
    assert figures(shop, TODAY, "ai_tokens", "mcp_calls") == ((7, 0) if where[1] == "settle" else (0, 9))


def test_two_collectors_of_one_interval_count_once_and_nothing_alarms(backend, shop, caplog):
    counters.collect(OVER)
    Collection.objects.update(due_at=NOON, collected_before=FIRST)  # the other one claimed before
    backend.behave = telling(ai_tokens=8)
    counters.collect(OVER)
    assert (counted(shop), events()) == ((7, 250_000), 1)
    assert "sample refused" not in caplog.text


def test_a_paused_project_waits_and_a_deleted_one_is_over(world, backend, shop):
    gone = place(world, backend)
    counters.collect(NOON)
    Project.objects.filter(pk=shop).update(status="paused")
    world.delete(gone, NOON)
    assert counters.collect(OVER) == 0
    assert (backend.got, row(shop).due_at, row(gone).due_at) == ([], OVER + QUARTER, None)
    Project.objects.filter(pk=shop).update(status="active")
    counters.collect(OVER + QUARTER)
    assert counted(shop) == (14, 500_000)


def test_both_environments_keep_apart(world, backend, shop):
    test = place(world, backend, environment="test")
    counters.collect(OVER)
    assert counted(shop) == counted(test) == (7, 250_000)


def test_a_project_without_a_key_fails_alone(world, backend, shop):
    keyless = place(world, backend)
    Project.objects.get(pk=keyless).keys.all().delete()
    counters.collect(OVER)
    assert (row(keyless).failure, row(shop).failure) == ("key_unreadable", "")


def test_neither_the_key_nor_the_answer_is_in_the_log(backend, shop, caplog, monkeypatch):
    backend.behave = status(200, b"hush")
    key = project_keys.current(Project.objects.get(pk=shop))
    counters.collect(OVER)
    monkeypatch.setattr(backend_answers, "read", None)
    counters.collect(OVER + timedelta(minutes=1))
    assert row(shop).failure == "collector_error"
    assert key not in caplog.text
    assert "hush" not in caplog.text


def test_prometheus_counts_them_by_kind_and_reason(backend, shop):
    backend.behave = status(500)
    counters.collect(OVER)
    text = Client().get("/metrics").content.decode()
    assert 'gatehouse_usage_collect_failures_total{kind="counters",reason="unexpected_status"}' in text
    assert 'gatehouse_usage_collect_failing{kind="counters",reason="unexpected_status"} 1.0' in text
