"""A project on its way back, against all that may happen to it at the same moment."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import ApiError
from partnership import operations, recovery
from partnership.events import SYSTEM
from partnership.models import Absence, Event, Operation, Project
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret, partner
from tests.partnership.drivers import Scripted, install

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture(autouse=True)
def driver(monkeypatch):
    monkeypatch.setattr("partnership.waiting.sleep", lambda _seconds: operations.run_due(timezone.now()))
    return install(monkeypatch, Scripted())


@pytest.fixture
def globex():
    owner = partner("ps_globex000001", "Globex", is_white_label=True, is_co_branded=True)
    add_secret(owner, GLOBEX_SECRET)
    return PartnerClient(owner, GLOBEX_SECRET)


def deleted(globex, name="Shop") -> Project:
    project = globex.sync(name)["project"]["id"]
    globex.delete(project)
    return Project.objects.get(pk=project)


def recover(project, now=None):
    """The operation's type, or the code of the refusal."""

    def ask():
        try:
            return recovery.begin(project, reason="x", actor=SYSTEM, now=now or timezone.now()).type
        except ApiError as refused:
            return refused.code

    return ask


def work():
    while Operation.objects.filter(finished_at=None).exists():
        operations.run_due(timezone.now())


def test_of_many_staff_at_once_one_brings_it_back(globex, at_once):
    project = deleted(globex)

    answers = at_once(*[recover(project)] * 8)
    work()

    assert Counter(answers) == {"recover": 1, "operation_in_progress": 7}
    project.refresh_from_db()
    assert (project.status, Absence.objects.count()) == ("active", 1)
    assert Event.objects.filter(type="project.restored").count() == 1


@pytest.mark.parametrize("turn", range(6))
def test_it_is_brought_back_or_purged_but_never_both(globex, at_once, driver, turn):
    """Staff's clock is a minute behind the worker's."""
    project = deleted(globex)
    purge_at = timezone.now()
    Project.objects.update(purge_at=purge_at)

    at_once(*[recover(project, purge_at - timedelta(minutes=1))] * 2, *[lambda: recovery.purge_due(timezone.now())] * 2)
    work()

    project.refresh_from_db()
    (begun,) = Operation.objects.filter(type__in=["purge", "recover"]).values_list("type", flat=True)
    wanted = ("active", "restore") if begun == "recover" else ("deleted", "delete")
    assert (project.status, driver.calls[-1], project.purge_at) == (*wanted, None)


@pytest.mark.parametrize("turn", range(6))
def test_of_it_and_a_new_one_of_its_name_one_is_there(globex, at_once, driver, turn):
    project = deleted(globex)

    def sync():
        return PartnerClient(globex.partner, GLOBEX_SECRET).sync()["project"]["id"]

    answers = at_once(recover(project), sync, sync)
    work()

    (there,) = Project.objects.filter(deleted_at=None).values_list("pk", flat=True)
    assert set(answers[1:]) == {str(there)}
    project.refresh_from_db()
    assert (project.status == "active") == (there == project.pk)
    if answers[0] == "recover" and there != project.pk:
        assert Operation.objects.get(type="recover").error_code == "name_taken"
        assert driver.calls.count("pause") == 2  # its deletion, and when it had to go again


def test_two_projects_on_their_way_back_share_no_place_of_a_plan(globex, at_once):
    user_id = globex.connect()
    projects = []
    for number in range(3):
        made = globex.sync_for(user_id, f"Shop {number}")["project"]["id"]
        projects.append(Project.objects.get(pk=made))
        Project.objects.filter(pk=made).update(status="deleted", deleted_at=timezone.now())
        Project.objects.filter(pk=made).update(purge_at=timezone.now() + timedelta(days=1))

    answers = at_once(*map(recover, projects))

    assert Counter(answers) == {"recover": 2, "project.limit.reached": 1}


def test_many_workers_begin_one_purge_of_each(globex, at_once):
    for number in range(5):
        deleted(globex, f"Shop {number}")
    now = timezone.now() + timedelta(days=8)

    begun = at_once(*[lambda: recovery.purge_due(now)] * 4)
    operations.run_due(now)  # one: leases are renewed by the clock, to which that day is far ahead

    assert sum(begun) == 5
    assert Operation.objects.filter(type="purge", status="succeeded").count() == 5
    assert not Project.objects.filter(purge_at__isnull=False).exists()
