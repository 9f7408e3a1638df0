"""Collectors at once, on as many hosts as you like: each project's interval counts once."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db.models import Count, Sum

from partnership import events as facts
from partnership.events import SYSTEM
from partnership.models import Project
from tests.usage.measuring import install, sizes_of
from tests.usage.world import World
from usage import compute, sizes
from usage.models import Collection, Daily, Event

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def driver(monkeypatch):
    return install(monkeypatch)


@pytest.fixture
def projects(transactional_db, now):
    world = World()
    found = [world.project(born=now - timedelta(hours=3)) for _ in range(25)]
    for each in Project.objects.all():
        facts.of_project("project.created", each, actor=SYSTEM, now=now - timedelta(hours=3))
    return found


def work(kind, now) -> None:
    while kind.collect(now):
        pass


def test_six_collectors_share_the_projects_and_each_counts_once(driver, projects, now, at_once, monkeypatch):
    monkeypatch.setattr(sizes, "BATCH", 3)
    at_once(*[partial(work, sizes, now)] * 6)
    assert Event.objects.count() == 50
    assert {sizes_of(project, now.date()) for project in projects} == {(10, 20)}
    assert Collection.objects.filter(kind="sizes", failures=0).count() == 25
    assert set(driver.asked.values()) == {1}, "claims keep them from asking twice"


def test_collectors_that_know_of_no_claim_count_once_all_the_same(driver, projects, now, at_once, monkeypatch):
    """As if each lease had ended: nothing but the ids decides."""
    work(sizes, now)
    Event.objects.all().delete()
    Daily.objects.all().delete()
    row = Collection._meta.get_field("due_at")
    monkeypatch.setattr("usage.collection_rows.LEASE", timedelta(seconds=-1))
    Collection.objects.update(**{row.name: now})
    at_once(*[partial(sizes.collect, now)] * 6)
    assert Event.objects.count() == 50
    assert {sizes_of(project, now.date()) for project in projects} == {(10, 20)}


def test_compute_of_six_collectors_is_that_of_one(projects, now, at_once, monkeypatch):
    monkeypatch.setattr(compute, "BATCH", 4)
    monkeypatch.setattr("usage.collection_rows.LEASE", timedelta(seconds=-1))
    at_once(*[partial(compute.collect, now)] * 6)
    monkeypatch.undo()
    Collection.objects.update(due_at=now, collected_before=now - timedelta(hours=4))
    at_once(*[partial(work, compute, now)] * 6)
    twice = Event.objects.values("project_id", "at").annotate(times=Count("project_id")).filter(times__gt=1)
    assert not twice.exists()
    [total] = {each["total"] for each in Daily.objects.values("project_id").annotate(total=Sum("ec2_compute"))}
    assert 3600 * 3 - 900 - 300 - 900 <= total <= 3600 * 3
    assert Event.objects.aggregate(total=Sum("ec2_compute"))["total"] == 25 * total
