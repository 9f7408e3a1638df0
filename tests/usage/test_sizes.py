"""Sizes of projects: sampled from their provisioners, each interval once, whoever fails beside them."""

from datetime import UTC, datetime, timedelta
from threading import Event as Signal

import pytest
from django.test import Client

from partnership import measuring
from partnership.models import Project, Provisioner, Region
from partnership.provisioners.base import DriverError, Measurement
from tests.partnership.drivers import refuses
from tests.usage.measuring import Crash, crash, events, install, sizes_of
from tests.usage.world import World
from usage import collection_rows, collectors, sizes
from usage.models import Collection
from usage.models import Event as UsageEvent
from usage.sql_store import store

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 2, 10, 12, 7, 30, tzinfo=UTC)
TODAY = NOON.date()
LATER = timedelta(minutes=15)


@pytest.fixture
def driver(monkeypatch):
    return install(monkeypatch)


@pytest.fixture
def world(db):
    return World()


def collect(now: datetime = NOON) -> int:
    return sizes.collect(now)


def row(project) -> Collection:
    return Collection.objects.get(project=project, kind="sizes")


def fails(project) -> str:
    return row(project).failure


@pytest.mark.contract("usage.md", "Metering in", "collectors")
def test_a_project_is_sampled_at_once_and_then_every_interval(driver, world):
    shop = world.project()
    assert collect() == 1
    assert sizes_of(shop, TODAY) == (10, 20)
    assert collect(NOON + timedelta(seconds=5)) == 0
    driver.sizes[shop] = Measurement(7, 30)
    assert collect(datetime(2026, 2, 10, 12, 15, tzinfo=UTC)) == 1
    assert sizes_of(shop, TODAY) == (10, 30)
    assert set(UsageEvent.objects.values_list("at", flat=True)) == {
        datetime(2026, 2, 10, 12, tzinfo=UTC),
        datetime(2026, 2, 10, 12, 15, tzinfo=UTC),
    }


def test_how_often_is_a_setting(driver, world, settings):
    settings.USAGE_COLLECT_SECONDS = 60
    shop = world.project()
    assert [collect(NOON + timedelta(seconds=each)) for each in (0, 29, 30, 90)] == [1, 0, 1, 1]
    assert driver.asked[shop] == 3


def test_trap_14_a_paused_project_is_sampled_too_a_failed_or_deleted_one_is_not(driver, world):
    paused, failed, gone = (world.project() for _ in range(3))
    Project.objects.filter(pk=paused).update(status="paused")
    Project.objects.filter(pk=failed).update(status="failed")
    world.delete(gone, NOON)
    assert collect() == 1
    assert driver.asked == {paused: 1}
    assert sizes_of(paused, TODAY) == (10, 20)


def test_both_environments_are_sampled_and_keep_apart(driver, world):
    live, test = world.project(), world.project(environment="test")
    collect()
    assert sizes_of(live, TODAY) == sizes_of(test, TODAY) == (10, 20)
    assert set(UsageEvent.objects.values_list("client", flat=True)) == {0}


def test_trap_13_a_project_that_was_never_sampled_has_zeros(driver, world):
    shop = world.project()
    driver.sizes[shop] = refuses(is_retryable=True)
    collect()
    assert sizes_of(shop, TODAY) == (0, 0)
    assert not UsageEvent.objects.exists()


def test_trap_12_a_gap_keeps_the_last_sample_and_says_estimated(driver, world):
    shop = world.project()
    collect()
    driver.sizes[shop] = refuses(is_retryable=True)
    collect(NOON + timedelta(days=1))
    [first, second] = store.daily(shop, TODAY, TODAY + timedelta(days=1))
    assert (first.estimated, second.estimated) == (False, True)
    assert second.amounts["database_size_bytes"] == 10
    driver.sizes[shop] = Measurement(4, 4)
    collect(NOON + timedelta(days=2))
    assert sizes_of(shop, TODAY + timedelta(days=2)) == (4, 4)


@pytest.mark.contract("usage.md", "Metering in", "not measured")
def test_one_that_fails_stops_no_other_and_is_tried_again_later_and_later(driver, world):
    bad, good = world.project(), world.project()
    driver.sizes[bad] = refuses(is_retryable=True)
    collect()
    assert (sizes_of(bad, TODAY), sizes_of(good, TODAY)) == ((0, 0), (10, 20))
    assert (row(bad).failures, fails(bad), row(bad).due_at) == (1, "disk_full", NOON + timedelta(minutes=1))
    collect(NOON + timedelta(minutes=1))
    assert (row(bad).failures, row(bad).due_at) == (2, NOON + timedelta(minutes=3))
    del driver.sizes[bad]
    collect(NOON + timedelta(minutes=3))
    assert sizes_of(bad, TODAY) == (10, 20)
    assert (row(bad).failures, fails(bad)) == (0, "")


def test_what_tells_no_sizes_is_asked_again_at_the_next_interval_alone(driver, world):
    shop = world.project()
    driver.sizes[shop] = DriverError("not_measurable", "No sizes.", is_retryable=False)
    collect()
    assert (fails(shop), row(shop).due_at) == ("not_measurable", NOON + LATER)


@pytest.mark.parametrize("fault", [PermissionError("/secret"), ValueError("x"), KeyError("y")])
def test_a_driver_that_breaks_is_a_failure_of_that_project(driver, world, fault):
    shop, other = world.project(), world.project()
    driver.sizes[shop] = fault
    collect()
    assert fails(shop) == "provisioner_error"
    assert sizes_of(other, TODAY) == (10, 20)


def test_settings_that_nobody_can_read_fail_their_projects_alone(driver, world):
    shop, other = world.project(), world.project()
    broken = Provisioner.objects.create(name="broken", kind="embedded", encrypted_settings="not encrypted")
    Project.objects.filter(pk=shop).update(provisioner=broken)
    collect()
    assert (fails(shop), fails(other)) == ("provisioner_error", "")


def test_a_slow_provisioner_does_not_hold_up_the_others(driver, world, monkeypatch):
    """The slow one answers only when the other's projects, two batches of them, are all measured."""
    monkeypatch.setattr(sizes, "BATCH", 2)
    slow = install(monkeypatch, "osb")
    region = Region.objects.first()
    stuck, *quick = (world.project() for _ in range(5))
    provisioner = Provisioner.objects.create(name="slow", kind="osb")
    Project.objects.filter(pk=stuck).update(provisioner=provisioner, region=region)
    all_done = Signal()

    def last() -> Measurement:
        all_done.set()
        return Measurement(1, 1)

    driver.sizes[quick[-1]] = driver.sizes[quick[-2]] = last
    slow.sizes[stuck] = lambda: Measurement(5, 5) if all_done.wait(10) else Measurement(0, 0)
    assert collect() == 5
    assert sizes_of(stuck, TODAY) == (5, 5)


def test_what_time_did_not_suffice_for_is_due_again_at_once(driver, world, monkeypatch):
    passed = iter(range(0, 1000, 100))
    monkeypatch.setattr(measuring, "clock", lambda: float(next(passed)))
    projects = [world.project() for _ in range(3)]
    assert collect() == 1
    assert Collection.objects.filter(due_at=NOON).count() == 2
    monkeypatch.undo()
    install(monkeypatch)
    collect()
    assert [sizes_of(project, TODAY) for project in projects] == [(10, 20)] * 3


@pytest.mark.contract("usage.md", "Metering in", "collected once")
@pytest.mark.parametrize("where", [(collectors, "count"), (store, "record"), (collection_rows, "settle")])
def test_a_crash_between_measuring_and_recording_counts_once(driver, world, monkeypatch, where):
    shop = world.project()
    with monkeypatch.context() as here:
        here.setattr(*where, crash)
        with pytest.raises(Crash):
            collect()
    assert collect(NOON + timedelta(minutes=4)) == 0, "another may still be at it"
    driver.sizes[shop] = Measurement(9, 21)
    assert collect(NOON + collection_rows.LEASE) == 1
    assert events() == 2
    assert sizes_of(shop, TODAY) == ((10, 20) if where[1] == "settle" else (9, 21))


def test_two_collectors_of_one_interval_count_once_and_nothing_alarms(driver, world, caplog):
    shop = world.project()
    collect()
    Collection.objects.update(due_at=NOON)  # the other one claimed before
    driver.sizes[shop] = Measurement(11, 20)
    collect()
    assert sizes_of(shop, TODAY) == (10, 20)
    assert events() == 2
    assert "sample refused" not in caplog.text


@pytest.mark.parametrize(
    ("at", "start"),
    [
        (datetime(2026, 2, 10, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2026, 2, 10, 23, 45, tzinfo=UTC)),
        (datetime(2026, 2, 11, tzinfo=UTC), datetime(2026, 2, 11, tzinfo=UTC)),
        (datetime(2026, 2, 11, 0, 14, 59, 999_999, tzinfo=UTC), datetime(2026, 2, 11, tzinfo=UTC)),
        (datetime(2026, 2, 11, 0, 15, tzinfo=UTC), datetime(2026, 2, 11, 0, 15, tzinfo=UTC)),
    ],
)
def test_at_the_border_of_an_interval_the_sample_is_of_the_one_that_has_begun(driver, world, at, start):
    shop = world.project()
    collect(at)
    assert list(UsageEvent.objects.values_list("at", flat=True).distinct()) == [start]
    assert row(shop).due_at == start + LATER
    assert sizes_of(shop, start.date()) == (10, 20)


def test_a_project_deleted_while_it_is_measured_keeps_its_last_sample(driver, world):
    """Its time is the interval's start, which was before the deletion."""
    shop = world.project()

    def measured_and_gone() -> Measurement:
        return Measurement(8, 8)

    driver.sizes[shop] = measured_and_gone
    world.delete(shop, NOON - timedelta(seconds=1))
    Project.objects.filter(pk=shop).update(status="active", deleted_at=None)
    collect()
    world.delete(shop, NOON)
    assert collect(NOON + LATER) == 0
    assert row(shop).due_at is None
    assert sizes_of(shop, TODAY) == (8, 8)


def test_prometheus_counts_what_was_collected_and_what_failed_by_reason(driver, world):
    bad, _ = world.project(), world.project()
    driver.sizes[bad] = refuses(is_retryable=True)
    collect()
    text = Client().get("/metrics").content.decode()
    assert 'gatehouse_usage_collected_total{kind="sizes",verdict="accepted"}' in text
    assert 'gatehouse_usage_collect_failures_total{kind="sizes",reason="disk_full"}' in text
    assert 'gatehouse_usage_collect_failing{kind="sizes",reason="disk_full"} 1.0' in text
    assert f'gatehouse_usage_collected_timestamp_seconds{{kind="sizes"}} {NOON.timestamp()}' in text or "e+09" in text
