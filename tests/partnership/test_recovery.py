"""A deleted project waits some days; staff bring it back, or it is purged. Nobody else sees any of it."""

import json
import stat
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.encryption import encrypt
from accounts.errors import ApiError
from partnership import creation, lifecycle, operations, recovery
from partnership.creation import Wanted
from partnership.events import SYSTEM
from partnership.models import Absence, Delivery, Event, Operation, Project, Webhook
from partnership.provisioners.base import Pending
from tests import cast
from tests.partnership.drivers import Scripted, install, refuses
from tests.usage.world import organization

WEEK = timedelta(days=7)
AT = "/admin/partnership/project/"


@pytest.fixture
def gone(globex, shop):
    """The deleted project."""
    assert globex.delete(shop).status == 200
    return Project.objects.get(pk=shop)


@pytest.fixture
def driver(monkeypatch):
    return install(monkeypatch, Scripted())


@pytest.fixture
def sam(db):
    """A browser of Sam's, who works here and may do everything."""
    return cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))


def work(**later):
    """What a worker does until nothing is due at that time."""
    while operations.run_due(timezone.now() + timedelta(**later)):
        pass


def recover(project, reason="Deleted by mistake", now=None):
    return recovery.begin(project, reason=reason, actor=SYSTEM, now=now or timezone.now())


def recovered(project):
    operation = recover(project)
    work()
    project.refresh_from_db()
    operation.refresh_from_db()
    return operation


def purged(project, now=None):
    """Whether the purge that is due then is done."""
    now = now or timezone.now() + WEEK + timedelta(hours=1)
    recovery.purge_due(now)
    operations.run_due(now)
    project.refresh_from_db()
    return project.purge_at is None


def told(project):
    return list(project.events.order_by("id").values_list("type", flat=True))


class TestDeletion:
    def test_nobody_gets_in_and_the_data_stays(self, gone, projects_folder):
        folder = projects_folder / str(gone.pk)
        assert stat.S_IMODE((folder / "project.sqlite3").stat().st_mode) == 0
        assert gone.purge_at - gone.deleted_at == WEEK

    def test_to_its_partner_it_is_deleted(self, globex, gone):
        assert globex.get(f"{gone.pk}/metadata")["code"] == "project_not_found"
        assert [globex.post(f"{gone.pk}/{verb}").status for verb in ("pause", "restore", "restart")] == [404] * 3
        assert globex.get("projects")["projects"] == []
        assert globex.delete(gone.pk).status == 200
        assert told(gone).count("project.deleted") == 1

    def test_without_a_window_it_is_deleted_at_once(self, globex, shop, settings, projects_folder):
        settings.RECOVERY_DAYS = 0
        globex.delete(shop)
        assert Project.objects.get().purge_at is None
        assert not (projects_folder / shop).exists()

    def test_what_never_ran_is_deleted_at_once(self, globex, driver):
        driver.script = [refuses(is_retryable=False)]
        globex.sync()
        assert globex.delete(Project.objects.get().pk).status == 200
        assert (driver.calls[-1], Project.objects.get().purge_at) == ("delete", None)

    @pytest.mark.parametrize("can", [{"pause"}, {"restore"}, set()])
    def test_what_its_driver_can_not_shut_and_open_is_deleted_at_once(self, globex, driver, shop, can):
        driver.can = frozenset(can)
        globex.delete(shop)
        assert (driver.calls[-1], Project.objects.get().purge_at) == ("delete", None)

    def test_what_is_not_there_to_be_shut_is_deleted_at_once(self, globex, driver, shop):
        driver.script = [refuses(is_retryable=False)]
        assert globex.delete(shop).status == 200
        assert (driver.calls[-2:], Project.objects.get().purge_at) == (["pause", "delete"], None)

    def test_a_paused_one_waits_too(self, globex, shop):
        globex.post(f"{shop}/pause")
        globex.delete(shop)
        assert Project.objects.get().purge_at is not None

    def test_another_setting_later_changes_nothing_of_what_was_begun(self, globex, shop, no_worker, settings):
        globex.delete(shop)
        settings.RECOVERY_DAYS = 0
        work()
        project = Project.objects.get()
        assert project.purge_at - project.deleted_at == WEEK


class TestRecovery:
    def test_it_is_back_as_it_was_and_its_partner_is_told(self, globex, gone, projects_folder):
        hook = Webhook.objects.create(
            partner=globex.partner, environment="live", url="https://globex.example/hook", created_at=timezone.now()
        )
        before = globex.sync("Other")["project"]["api_key"], gone.deleted_at
        operation = recovered(gone)

        found = globex.get(f"{gone.pk}/metadata")["project"]
        assert (found["status"], gone.deleted_at, gone.purge_at) == ("active", None, None)
        assert before[0] != found["api_key"]
        assert globex.sync()["project"]["id"] == str(gone.pk)
        mode = (projects_folder / str(gone.pk) / "project.sqlite3").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
        assert told(gone)[-2:] == ["project.recover_requested", "project.restored"]
        restored = Delivery.objects.filter(webhook=hook, event__project=gone)
        assert list(restored.values_list("event__type", flat=True)) == ["project.restored"]
        assert globex.get(f"operations/{operation.pk}")["type"] == "recover"

    def test_that_it_was_gone_stays_on_record(self, gone):
        deleted_at = gone.deleted_at
        recovered(gone)
        absence = Absence.objects.get()
        assert (absence.project_id, absence.from_at, absence.until_at) == (gone.pk, deleted_at, gone.recovered_at)
        assert gone.recovered_at == gone.events.get(type="project.restored").occurred_at

    def test_it_may_be_deleted_and_brought_back_again(self, globex, gone):
        for _ in range(2):
            recovered(gone)
            globex.delete(gone.pk)
        gone.refresh_from_db()
        assert (gone.status, Absence.objects.count()) == ("deleted", 2)
        assert purged(gone)

    def test_until_it_is_back_it_is_deleted_to_its_partner(self, globex, gone, no_worker):
        operation = recover(gone)
        assert globex.get(f"{gone.pk}/metadata").status == 404
        assert globex.post(f"{gone.pk}/pause").status == 404
        assert globex.delete(gone.pk).status == 200
        assert globex.post(f"operations/{operation.pk}/cancel").status == 404
        # Who was on the way in already.
        with pytest.raises(ApiError, match="not found"):
            lifecycle.change(gone, Operation.Type.PAUSE, actor=SYSTEM, now=timezone.now())
        with pytest.raises(ApiError, match="not found"):
            lifecycle.transfer(gone, organization("Acme"), actor=SYSTEM, now=timezone.now())

    @pytest.mark.parametrize("days", [-1, 7])
    def test_not_once_its_days_are_over(self, gone, days):
        Project.objects.filter(pk=gone.pk).update(purge_at=gone.deleted_at + timedelta(days=days))
        with pytest.raises(ApiError, match="days are over"):
            recover(gone, now=gone.deleted_at + WEEK)

    def test_not_what_is_there(self, globex, shop):
        with pytest.raises(ApiError, match="not deleted"):
            recover(Project.objects.get())

    def test_not_once_its_purge_has_begun_by_whichever_clock(self, gone, driver):
        Project.objects.filter(pk=gone.pk).update(purge_at=timezone.now() + timedelta(minutes=1))
        driver.script = [refuses(is_retryable=False)]
        assert not purged(gone, timezone.now() + timedelta(minutes=2))
        with pytest.raises(ApiError, match="days are over"):
            recover(gone)

    @pytest.mark.parametrize(("more", "says"), [({}, "this name"), ({"external_id": "7"}, "this external id")])
    def test_not_while_another_is_found_in_its_place(self, globex, more, says):
        first = globex.sync("Shop", **more)["project"]["id"]
        globex.delete(first)
        other = globex.sync("Shop", **more)["project"]["id"]
        project = Project.objects.get(pk=first)
        with pytest.raises(ApiError, match=says):
            recover(project)
        globex.delete(other)
        recovered(project)
        assert globex.sync("Shop", **more)["project"]["id"] == first

    def test_one_made_meanwhile_keeps_the_name_and_the_old_one_is_shut_again(self, globex, gone, no_worker):
        operation = recover(gone)
        new = globex.sync("Shop")["project"]["id"]
        work(seconds=5)
        operation.refresh_from_db()
        gone.refresh_from_db()
        assert (operation.status, operation.error_code) == ("failed", "name_taken")
        assert (gone.status, Absence.objects.count(), told(gone)[-1]) == ("deleted", 0, "project.recover_failed")
        assert globex.get(f"{new}/metadata")["project"]["status"] == "active"

    def test_one_that_fails_is_shut_again_and_may_be_tried_again(self, gone, driver):
        driver.script = [refuses(is_retryable=False)]
        failed = recover(gone)
        work(seconds=5)
        failed.refresh_from_db()
        assert (driver.calls, failed.status) == (["restore", "pause"], "failed")
        assert not Delivery.objects.exists()
        again = lifecycle.retry(failed, actor=SYSTEM, now=timezone.now())
        work()
        gone.refresh_from_db()
        assert (again.parameters, gone.status) == (failed.parameters, "active")

    def test_one_that_is_canceled_on_its_way_is_shut_again(self, gone, driver):
        driver.script = [Pending({"phase": "poll"}, 1)]
        operation = recover(gone)
        operations.run_due(timezone.now())
        operations.cancel(operation, actor=SYSTEM, now=timezone.now())
        work(seconds=5)
        operation.refresh_from_db()
        gone.refresh_from_db()
        assert (driver.calls, operation.status, gone.status) == (["restore", "pause"], "canceled", "deleted")
        recovered(gone)
        assert gone.status == "active"

    def test_the_plan_has_to_have_room_and_keeps_it(self, acme):
        user_id = acme.connect()
        old = [acme.sync_for(user_id, f"Shop {number}")["project"]["id"] for number in range(2)]
        projects = [Project.objects.get(pk=each) for each in old]
        for project in projects:
            lifecycle.change(project, Operation.Type.DELETE, actor=SYSTEM, now=timezone.now())
        work()
        assert acme.sync_for(user_id, "New")["success"] is True

        recover(projects[0])
        with pytest.raises(ApiError, match="up to 2 active projects"):
            recover(projects[1])
        assert acme.sync_for(user_id, "Newer")["success"] is False

    def test_one_at_a_time(self, gone):
        recover(gone)
        with pytest.raises(ApiError, match="Another operation"):
            recover(gone)


class TestPurge:
    def test_when_its_days_are_over_nothing_is_left_of_it(self, gone, projects_folder):
        Project.objects.update(encrypted_credentials=encrypt(json.dumps({"password": "x"})))
        assert not purged(gone, gone.purge_at - timedelta(seconds=1))
        assert purged(gone)
        assert (gone.status, gone.encrypted_credentials) == ("deleted", "")
        assert not (projects_folder / str(gone.pk)).exists()
        assert told(gone)[-1] == "project.purged"

    def test_its_partner_s_hooks_hear_nothing(self, globex, gone):
        Webhook.objects.create(
            partner=globex.partner, environment="live", url="https://globex.example/hook", created_at=timezone.now()
        )
        assert purged(gone)
        assert not Delivery.objects.exists()

    def test_one_that_fails_comes_again_after_an_hour(self, gone, driver):
        driver.script = [refuses(is_retryable=False)]
        due = gone.purge_at
        assert not purged(gone, due)
        ended = Operation.objects.get(type="purge").finished_at
        assert told(gone)[-1] == "project.purge_failed"
        Project.objects.update(purge_at=ended - timedelta(hours=1))
        assert recovery.purge_due(ended + timedelta(minutes=59)) == 0
        assert recovery.overdue(ended).get() == gone
        assert purged(gone, ended + timedelta(minutes=61))

    def test_what_is_on_its_way_back_is_not_purged(self, gone, no_worker):
        recover(gone, now=gone.purge_at - timedelta(seconds=1))
        assert recovery.purge_due(gone.purge_at) == 0
        operations.run_due(gone.purge_at)
        gone.refresh_from_db()
        assert (gone.status, gone.purge_at) == ("active", None)

    def test_a_second_purge_finds_nothing_to_do(self, gone):
        assert purged(gone)
        assert recovery.begin_purge(gone, actor=SYSTEM, now=timezone.now() + 2 * WEEK) is None


class TestAdmin:
    def page(self, project):
        return f"{AT}{project.pk}/"

    def test_staff_bring_it_back_and_say_why(self, sam, gone):
        assert 'name="reason"' in sam.get(f"{self.page(gone)}change/").content.decode()
        sent = sam.post(f"{self.page(gone)}recover/", {"reason": " Globex asked, ticket 77 "}, follow=True)
        assert "on its way back" in sent.content.decode()
        work()
        gone.refresh_from_db()
        assert gone.status == "active"
        operation, asked = Operation.objects.get(type="recover"), gone.events.get(type="project.recover_requested")
        assert operation.parameters == {"reason": "Globex asked, ticket 77"}
        assert (asked.actor_kind, asked.actor_name) == ("staff", "sam@example.com")
        assert "ticket 77" in sam.get(f"{self.page(gone)}history/").content.decode()

    def test_the_reason_is_not_told_to_the_partner(self, sam, globex, gone):
        sam.post(f"{self.page(gone)}recover/", {"reason": "Their admin is a fool"})
        assert "fool" not in json.dumps(globex.get("events").body)

    @pytest.mark.parametrize("reason", [None, "", "  "])
    def test_not_without_a_reason(self, sam, gone, reason):
        sent = sam.post(f"{self.page(gone)}recover/", {"reason": reason} if reason is not None else {}, follow=True)
        assert "Say why." in sent.content.decode()
        assert not Operation.objects.filter(type="recover").exists()

    @pytest.mark.parametrize(("codename", "status"), [("view_project", 403), ("change_project", 302)])
    def test_only_with_the_right_to_change_projects(self, gone, codename, status):
        vera = cast.person("vera@example.com", "Vera View", is_staff=True)
        vera.user_permissions.add(*Permission.objects.filter(codename__in=["view_project", codename]))
        browser = cast.signed_in(vera)
        shows_button = 'name="reason"' in browser.get(f"{self.page(gone)}change/").content.decode()
        assert shows_button == (status == 302)
        assert browser.post(f"{self.page(gone)}recover/", {"reason": "x"}).status_code == status

    def test_what_can_be_brought_back_is_listed(self, sam, globex, gone):
        globex.sync("Other")
        listed = sam.get(f"{AT}?deleted=recoverable").content.decode()
        assert (str(gone.pk) in listed, "Other" in listed) == (True, False)

    def test_what_could_not_be_purged_asks_for_attention(self, sam, gone):
        assert "could not be purged" not in sam.get("/admin/").content.decode()
        Project.objects.update(purge_at=timezone.now() - timedelta(hours=2))
        assert "1 deleted project could not be purged so far" in sam.get("/admin/").content.decode()
        assert str(gone.pk) in sam.get(f"{AT}?deleted=overdue").content.decode()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("project_purge_follows_deletion", {"status": "active", "deleted_at": None}),
        ("project_purged_without_credentials", {"purge_at": None, "encrypted_credentials": "x"}),
    ],
)
def test_the_database_holds_what_must_hold(gone, name, changes):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Project.objects.filter(pk=gone.pk).update(**changes)


def test_an_absence_ends_after_it_begins(gone):
    now = timezone.now()
    with pytest.raises(IntegrityError, match="absence_ends_after_it_begins"), transaction.atomic():
        Absence.objects.create(project=gone, from_at=now, until_at=now - timedelta(seconds=1))


def test_a_worker_cut_off_anywhere_leaves_what_another_one_finishes(gone, driver):
    """At each step: the lease ends, and the next worker begins the verb again."""

    class Killed(BaseException):
        pass

    def die(_step):
        raise Killed

    for begin in (recover, lambda project: recovery.begin_purge(project, actor=SYSTEM, now=project.purge_at)):
        driver.script = [die]
        operation = begin(gone)
        with pytest.raises(Killed):
            operations.run_due(operation.created_at)
        operations.run_due(operation.created_at + timedelta(minutes=1))
        operation.refresh_from_db()
        assert (operation.status, operation.fence) == ("succeeded", 2)
        gone.refresh_from_db()
        if gone.deleted_at is None:
            lifecycle.change(gone, Operation.Type.DELETE, actor=SYSTEM, now=timezone.now())
            work()
            gone.refresh_from_db()
    assert (gone.status, gone.purge_at) == ("deleted", None)


def test_a_project_of_a_person_s_own_comes_back_beside_another_of_its_name(alice):
    owner = creation.Owner(Project.Mode.PLATFORM, organization=alice.memberships.get().organization)
    projects = [creation.create_new(owner, Wanted("Shop"), actor=SYSTEM, now=timezone.now())]
    work()
    lifecycle.change(projects[0], Operation.Type.DELETE, actor=SYSTEM, now=timezone.now())
    work()
    projects.append(creation.create_new(owner, Wanted("Shop"), actor=SYSTEM, now=timezone.now()))
    work()
    recovered(projects[0])
    assert Event.objects.filter(type="project.restored").count() == 1
    assert set(Project.objects.values_list("status", flat=True)) == {"active"}
