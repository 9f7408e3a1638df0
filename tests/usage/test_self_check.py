"""The nightly check: damage is found within a run, staff see it, and mending it leaves a row."""

import random
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from config import chores
from partnership.models import Event as Fact
from tests import cast
from tests.usage.world import LIVE, World, event, void
from usage import rollup, self_check
from usage.metrics import SUMS
from usage.models import Daily, LateDay, SelfCheck
from usage.sql_store import store

pytestmark = pytest.mark.django_db

NIGHT = datetime(2026, 2, 10, 1, 0, tzinfo=UTC)
TODAY = NIGHT.date()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def shop():
    return World().project()


def sent(shop, on: date, now: datetime = NIGHT, **amounts: int):
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    one = event(shop, at=at, **(amounts or {"ai_tokens": 5}))
    assert store.record(LIVE, [one], now) == ["accepted"]
    return one


def checked(now: datetime = NIGHT) -> SelfCheck:
    assert self_check.run_due(now) == 1
    found = self_check.latest()
    assert found is not None
    return found


def home():
    staff = cast.person("root@example.com", "Root", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(staff)
    return client


def test_a_sound_night_finds_nothing(shop):
    sent(shop, YESTERDAY)
    check = checked()
    assert (check.differences, check.broken_statements, check.found) == (0, 0, [])
    assert check.days >= 1


def test_it_runs_once_a_night(shop):
    checked(NIGHT)
    assert self_check.run_due(NIGHT + timedelta(hours=22)) == 0
    assert self_check.run_due(NIGHT + timedelta(hours=23, minutes=59)) == 0
    assert self_check.run_due(NIGHT + timedelta(hours=24)) == 1


@pytest.mark.parametrize("seed", range(5))
def test_trap_29_a_damaged_cell_is_found_in_one_run_and_repaired_with_an_audit_row(shop, seed):
    chance = random.Random(seed)
    metric = chance.choice(SUMS)
    for each in SUMS:
        sent(shop, YESTERDAY, **{each: 5})
    Daily.objects.filter(day=YESTERDAY).update(**{metric: chance.randrange(6, 99)})
    check = checked()
    assert (check.differences, len(check.found)) == (1, 1)
    assert f"{YESTERDAY} {shop} {metric}" in check.found[0]

    call_command("rebuild_usage", "--from", str(YESTERDAY), "--to", str(YESTERDAY), stdout=StringIO())

    assert getattr(Daily.objects.get(), metric) == 5
    fact = Fact.objects.get(type="usage.rollup_mended")
    assert (fact.data["day"], fact.data["count"]) == (str(YESTERDAY), 1)
    assert fact.data["cells"][0]["metric"] == metric


def test_without_its_audit_row_nothing_is_mended(shop, monkeypatch):
    sent(shop, YESTERDAY, ai_tokens=5)
    Daily.objects.update(ai_tokens=7)
    monkeypatch.setattr(rollup.events, "record", Mock(side_effect=RuntimeError))
    with pytest.raises(RuntimeError):
        rollup.differences(YESTERDAY, repair=True)
    assert Daily.objects.get().ai_tokens == 7


def test_after_the_repair_it_is_checked_again_and_staff_are_left_alone(shop):
    sent(shop, YESTERDAY)
    Daily.objects.update(ai_tokens=7)
    checked()
    rollup.differences(YESTERDAY, repair=True)
    Fact.objects.filter(type="usage.rollup_mended")
    assert checked(NIGHT + timedelta(minutes=1)).differences == 0
    assert self_check.run_due(NIGHT + timedelta(minutes=2)) == 0


def test_a_day_that_got_events_late_is_looked_at_again(shop):
    old = TODAY - timedelta(days=20)
    sent(shop, old, now=NIGHT - timedelta(days=1))
    assert store.late_days(TODAY) == [old]
    Daily.objects.filter(day=old).update(ai_tokens=7)
    assert checked().differences == 1
    assert store.late_days(TODAY) == []


def test_a_day_that_lost_an_event_late_is_looked_at_again(shop):
    old = TODAY - timedelta(days=20)
    one = sent(shop, old, now=NIGHT - timedelta(days=18))
    store.forget_late_days(TODAY)
    assert store.record(LIVE, [void(one, at=NIGHT)], NIGHT - timedelta(days=1)) == ["too_early"]
    at = NIGHT - timedelta(days=1)
    assert store.record(LIVE, [void(one, at=at)], at) == ["accepted"]
    assert store.late_days(TODAY) == [old]


def test_what_comes_on_the_day_itself_or_the_next_is_not_late(shop):
    sent(shop, YESTERDAY)
    sent(shop, YESTERDAY, now=NIGHT - timedelta(hours=2))
    assert not LateDay.objects.exists()


def test_what_comes_while_it_is_checked_is_looked_at_the_next_night(shop):
    old = TODAY - timedelta(days=20)
    sent(shop, old)
    checked()
    assert store.late_days(TODAY + timedelta(days=1)) == [old]


def test_every_open_day_has_its_turn_within_a_week(shop):
    seen = {day for night in range(7) for day in self_check.days_to_check(NIGHT + timedelta(days=night))}
    assert {TODAY - timedelta(days=each) for each in range(1, 40)} <= seen


def test_another_workers_check_is_not_joined_and_a_dead_ones_is_left_behind(shop):
    SelfCheck.objects.create(started_at=NIGHT)
    assert self_check.run_due(NIGHT + timedelta(hours=1)) == 0
    assert self_check.run_due(NIGHT + timedelta(hours=4)) == 1


def test_staff_see_it_on_the_home_and_line_by_line(shop):
    sent(shop, YESTERDAY)
    Daily.objects.update(ai_tokens=7)
    check = checked()
    client = home()
    page = client.get(reverse("admin:index")).content.decode()
    url = reverse("admin:usage_selfcheck_change", args=[check.pk])
    assert f'<a href="{url}">1 usage figure is not what its events add up to</a>' in page
    assert f"{shop} ai_tokens: 7, from events 5" in client.get(url).content.decode()
    assert client.post(url, {"differences": 0}).status_code == 403


def test_prometheus_sees_it(shop):
    sent(shop, YESTERDAY)
    Daily.objects.update(ai_tokens=7)
    checked()
    text = Client().get("/metrics").content.decode()
    assert "gatehouse_usage_check_differences 1.0" in text
    assert "gatehouse_usage_check_timestamp_seconds" in text


def test_the_worker_does_it(shop):
    runs = {chore.name: chore.run for chore in chores.USAGE.chores}
    assert runs["check_usage"](NIGHT) == {"usage_checks": 1}
