"""`last_activity_at`: what is summed up is activity, a sample of sizes is not."""

import pytest

from partnership.models import Project
from tests.usage.world import LIVE, NOW, World, ago, event
from usage.sql_store import store

pytestmark = pytest.mark.django_db


def activity(project):
    return Project.objects.get(pk=project).last_activity_at


def test_a_project_knows_to_the_minute_when_it_was_active():
    project = World().project()
    store.record(LIVE, [event(project, at=ago(hours=2), database_size_bytes=5)], NOW)
    assert activity(project) is None
    store.record(LIVE, [event(project, at=ago(hours=1)), event(project, at=ago(hours=3))], NOW)
    assert activity(project) == ago(hours=1)
    store.record(LIVE, [event(project, at=ago(minutes=59, seconds=30))], NOW)
    assert activity(project) == ago(hours=1)
    store.record(LIVE, [event(project, at=ago(minutes=-4))], NOW)
    assert activity(project) == NOW, "never ahead of our clock"
