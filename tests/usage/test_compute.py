"""Seconds of compute: from the times a project was active, to the second, once, also after a downtime."""

from datetime import UTC, datetime, timedelta

import pytest

from partnership import events as facts
from partnership.events import SYSTEM
from partnership.models import Project
from tests.usage.measuring import figures
from tests.usage.world import World
from usage import collection_rows, collectors, compute
from usage.models import Collection, Event
from usage.sql_store import store

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 2, 10, tzinfo=UTC)
TODAY = MIDNIGHT.date()
STATUS = {"created": "active", "moved_in": "active", "restored": "active", "paused": "paused", "deleted": "deleted"}


@pytest.fixture
def world(db):
    return World()


def collect(now: datetime) -> None:
    """Until nothing is due."""
    while compute.collect(now):
        pass


def at(hours: int = 0, minutes: int = 0, seconds: float = 0) -> datetime:
    return MIDNIGHT + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def happens(project, kind: str, when: datetime) -> None:
    row = Project.objects.get(pk=project)
    row.status = STATUS[kind]
    if kind == "deleted":
        row.deleted_at = when
    row.save()
    facts.of_project(f"project.{kind}", row, actor=SYSTEM, now=when)


def shop_of(world: World, born: datetime):
    project = world.project(born=born)
    happens(project, "created", born)
    return project


def seconds(project, on=TODAY) -> int:
    found = figures(project, on, "ec2_compute")
    return found[0] if found else 0


@pytest.mark.contract("usage.md", "Metering in", "collectors")
def test_an_active_project_computes_every_second_of_a_finished_interval(world):
    shop = shop_of(world, at(1, 7, 3))
    collect(at(1, 19, 59))
    assert seconds(shop) == 0, "the interval may still grow"
    collect(at(1, 20))
    assert seconds(shop) == 7 * 60 + 57
    collect(at(1, 35))
    assert seconds(shop) == 22 * 60 + 57
    assert set(Event.objects.values_list("at", flat=True)) == {at(1), at(1, 15)}


def test_trap_14_a_paused_project_computes_nothing_and_goes_on_when_restored(world):
    shop = shop_of(world, at(1))
    happens(shop, "paused", at(1, 10, 30.9))
    happens(shop, "restored", at(3, 50, 10.2))
    collect(at(5, 5))
    assert seconds(shop) == 10 * 60 + 30 + 9 * 60 + 50 + 3600
    assert Event.objects.count() == 1 + 1 + 4


def test_paused_for_whole_days_sums_zero(world):
    shop = shop_of(world, at(1))
    happens(shop, "paused", at(2))
    collect(at(72))
    assert seconds(shop) == 3600
    assert [seconds(shop, TODAY + timedelta(days=each)) for each in (1, 2)] == [0, 0]


def test_deleted_in_the_middle_of_an_interval_it_counts_to_the_second_and_ends(world):
    shop = shop_of(world, at(1))
    happens(shop, "deleted", at(1, 20, 7.999))
    collect(at(9))
    assert seconds(shop) == 20 * 60 + 7
    assert Collection.objects.get().due_at is None
    collect(at(30))
    assert Event.objects.count() == 2


def test_parts_of_seconds_never_add_up_or_get_lost(world):
    shop = shop_of(world, at(1, 0, 0.4))
    for minute in range(1, 60):
        happens(shop, "paused", at(1, minute, 0.999_999))
        happens(shop, "restored", at(1, minute, 0.999_999))
    collect(at(2, 5))
    assert seconds(shop) == 3600


def test_events_on_the_border_belong_to_one_interval_each(world):
    shop = shop_of(world, at(1, 15))
    happens(shop, "paused", at(1, 30))
    happens(shop, "restored", at(23, 45))
    happens(shop, "deleted", at(24))
    collect(at(25))
    assert sorted(Event.objects.values_list("at", "ec2_compute")) == [(at(1, 15), 900), (at(23, 45), 900)]
    assert (seconds(shop), seconds(shop, TODAY + timedelta(days=1))) == (1800, 0)


def test_clocks_of_two_workers_that_differ_turn_no_second_negative(world):
    shop = shop_of(world, at(1))
    happens(shop, "paused", at(1, 10))
    happens(shop, "restored", at(1, 9, 58))  # another worker's clock
    happens(shop, "paused", at(1, 12))
    collect(at(1, 20))
    assert seconds(shop) == 12 * 60


def test_a_project_that_moved_in_computes_from_then_on(world):
    shop = world.project(born=at(-500))
    happens(shop, "moved_in", at(2))
    collect(at(3, 5))
    assert seconds(shop) == 3600


def test_one_that_was_never_active_computes_nothing(world):
    shop = world.project(born=at(1))
    Project.objects.filter(pk=shop).update(status="failed")
    collect(at(30))
    assert seconds(shop) == 0
    assert not Collection.objects.exists()


def test_after_a_downtime_everything_within_35_days_is_made_up_for(world):
    born = MIDNIGHT - timedelta(days=50)
    shop = shop_of(world, born)
    collect(born + timedelta(hours=1, minutes=5))
    collect(at(12))
    days = {TODAY - timedelta(days=each): seconds(shop, TODAY - timedelta(days=each)) for each in range(51)}
    assert days[born.date()] == 3600
    whole = [day for day, each in days.items() if each == 86_400]
    assert sorted(whole) == [TODAY - timedelta(days=each) for each in range(34, 0, -1)]
    assert days[TODAY - timedelta(days=35)] == 12 * 3600 - 900  # the one that would be too late on its way is left out
    assert days[TODAY] == 11 * 3600 + 45 * 60


class Crash(BaseException):
    """The process is gone."""


def crash(*_: object, **__: object) -> None:
    raise Crash


@pytest.mark.contract("usage.md", "Metering in", "collected once")
@pytest.mark.parametrize("where", [(collectors, "count"), (store, "record"), (collection_rows, "settle")])
def test_a_crash_anywhere_counts_once(world, monkeypatch, where):
    shop = shop_of(world, at(1))
    with monkeypatch.context() as here:
        here.setattr(*where, crash)
        with pytest.raises(Crash):
            collect(at(2, 5))
    collect(at(2, 10))
    assert seconds(shop) == 3600
    assert Event.objects.count() == 4


def test_collected_again_from_the_start_nothing_changes(world):
    shop = shop_of(world, at(1))
    happens(shop, "paused", at(1, 10))
    collect(at(3))
    before = list(Event.objects.values_list("event_id", "at", "ec2_compute"))
    Collection.objects.all().delete()
    collect(at(3))
    assert list(Event.objects.values_list("event_id", "at", "ec2_compute")) == before
    assert seconds(shop) == 600


def test_that_it_runs_makes_no_project_a_busy_one(world):
    shop = shop_of(world, at(1))
    collect(at(3))
    assert Project.objects.get(pk=shop).last_activity_at is None
