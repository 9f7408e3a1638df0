"""The demo's charts have something to show, the same at every start."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config import demo_data
from partnership.models import Project
from usage.sql_store import store
from usage.store import Owner

pytestmark = pytest.mark.django_db
LIVE = Owner("partner", demo_data.PARTNERS["white_label"]["id"])


@pytest.fixture
def embedded(tmp_path, settings):
    settings.VAR = tmp_path


def days(owner=LIVE, now=None):
    today = (now or timezone.now()).date()
    return store.owner_days(owner, today - timedelta(days=33), today)


def test_every_day_has_usage_and_a_second_start_adds_none(embedded):
    demo_data.seed(timezone.now())
    first = days()
    demo_data.seed(timezone.now())

    assert days() == first
    assert all(day.amounts["ai_tokens"] and day.amounts["database_size_bytes"] for day in first[1:])
    assert {day.estimated for day in first} == {True, False}
    assert days(Owner("partner", LIVE.id, "test"))[-1].amounts["ai_tokens"] > 0
    assert set(Project.objects.values_list("name", "environment")) == {
        ("Bookshop", "live"),
        ("Newsletter", "live"),
        ("Trial", "test"),
    }


def test_a_later_start_adds_the_days_between(embedded, time_machine):
    demo_data.seed(timezone.now())
    then = days()
    now = timezone.now() + timedelta(days=2)
    time_machine.move_to(now, tick=False)
    demo_data.seed(now)

    later = days(now=now)
    assert later[:-2] == then[2:]
    assert all(day.amounts["mcp_calls"] for day in later[-2:])
