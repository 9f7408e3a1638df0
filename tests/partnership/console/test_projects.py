"""Projects and operations in the console: what the API may, by the same rules, under a person's name."""

import re

import pytest
from django.utils import timezone

from partnership import operations
from partnership.models import Connection, Operation, Project, ProjectKey
from tests import cast
from tests.partnership.console.conftest import desk
from tests.partnership.console.rows import Desk
from tests.partnership.drivers import Scripted, install, refuses

pytestmark = pytest.mark.django_db


def status(project):
    return Project.objects.get(pk=project).status


def last_event(desk, type_):
    event = desk.partner.events.filter(type=type_).latest("id")
    return event.actor_kind, event.actor_name


class TestList:
    def test_it_has_what_the_partner_made_and_finds_one(self, vera, globex):
        globex.sync("Shop", external_id="e-1")
        globex.sync("Bakery")

        assert all(name in vera.read("/projects") for name in ("Shop", "Bakery", "e-1"))
        assert "Bakery" not in vera.read("/projects", q="e-1")
        assert "Bakery" not in vera.read("/projects", q="sho")
        assert "There is no project here." in vera.read("/projects", q="nothing")
        assert "There is no project here." in Desk(vera.browser, vera.person, vera.partner, "test").read("/projects")

    def test_it_is_paged(self, vera, globex):
        for number in range(3):
            globex.sync(f"Shop {number}")
        first = vera.read("/projects", limit="2", q="Shop")
        older = re.search(r'href="(\?[^"]*cursor[^"]*)"', first)[1].replace("&amp;", "&")

        second = vera.browser.get(vera.at("/projects") + older).content.decode()
        assert ("Shop 2" in first, "Shop 0" in first, "Shop 0" in second, "Shop 2" in second) == (
            True,
            False,
            True,
            False,
        )
        assert "Newest" in second
        assert vera.get("/projects", cursor="x").status_code == 422


class TestOne:
    def test_a_viewer_sees_it_and_no_button(self, vera, shop):
        page = vera.read(f"/projects/{shop}")

        assert shop in page
        assert "ik_" not in page
        assert "<form" not in page

    def test_it_is_paused_and_restored(self, dan, shop):
        assert "Restore" not in dan.read(f"/projects/{shop}")
        assert "Done." in dan.reads_after(f"/projects/{shop}/pause")
        assert status(shop) == "paused"
        assert last_event(dan, "project.paused") == ("user", "dan@example.com")
        page = dan.read(f"/projects/{shop}")
        assert ("/restore" in page, "/pause" in page, "/upgrade" in page) == (True, False, False)
        assert "Done." in dan.reads_after(f"/projects/{shop}/restore")
        assert "There was nothing to do." in dan.reads_after(f"/projects/{shop}/restore")

    def test_it_is_upgraded(self, dan, shop):
        form = {"instance_type": "small", "volume_size_gib": "16"}
        assert "Done." in dan.reads_after(f"/projects/{shop}/upgrade", form)
        project = Project.objects.get(pk=shop)
        assert (project.instance_type_id, project.volume_size_gib) == ("small", 16)

        refused = dan.post(f"/projects/{shop}/upgrade", {**form, "volume_size_gib": "16"}).content.decode()
        assert "greater than or equal to 17" in refused
        wrong = dan.post(f"/projects/{shop}/upgrade", {"instance_type": "gigantic"}).content.decode()
        assert 'aria-invalid="true"' in wrong

    def test_it_is_restarted_on_another_version(self, dan, shop):
        assert "Done." in dan.reads_after(f"/projects/{shop}/restart", {"version": "v2.2.1"})
        assert Project.objects.get(pk=shop).service_version_id == "v2.2.1"
        assert 'aria-invalid="true"' in dan.post(f"/projects/{shop}/restart", {"version": "v0"}).content.decode()

    def test_it_is_deleted(self, dan, shop):
        assert "Done." in dan.reads_after(f"/projects/{shop}/delete")
        assert status(shop) == "deleted"
        assert dan.get(f"/projects/{shop}").status_code == dan.post(f"/projects/{shop}/delete").status_code == 404

    def test_while_something_runs_nothing_else_is_offered_or_begun(self, dan, shop, no_worker):
        assert "It is under way" in dan.reads_after(f"/projects/{shop}/pause")

        assert "/restart" not in dan.read(f"/projects/{shop}")
        assert "Another operation is running" in dan.reads_after(f"/projects/{shop}/restart", {"version": "v2.2.3"})

    def test_an_api_key_is_rotated_and_shown_once(self, dan, shop, globex):
        old = globex.get(f"{shop}/metadata")["project"]["api_key"]
        seen = re.search(r'name="seen" value="(\d+)"', dan.read(f"/projects/{shop}"))[1]
        form = {"seen": seen, "overlap": "0"}

        shown = dan.post(f"/projects/{shop}/rotate-api-key", form).content.decode()
        key = re.search(r"ik_[A-Za-z0-9_-]{43}", shown)[0]
        assert globex.get(f"{shop}/metadata")["project"]["api_key"] == key != old
        assert "The API key changed" in dan.reads_after(f"/projects/{shop}/rotate-api-key", form)
        assert ProjectKey.objects.filter(project=shop).count() == 2
        assert last_event(dan, "project.api_key_rotated") == ("user", "dan@example.com")

        dan.browser = cast.signed_in(dan.person, at=timezone.now().timestamp() - 301)
        asked = dan.post(f"/projects/{shop}/rotate-api-key", form)
        assert asked["Location"].startswith("/accounts/reauthenticate/")


class TestPeoplesProjects:
    @pytest.fixture
    def anna(self, acme):
        return desk(acme.partner, "owner", "Anna")

    @pytest.fixture
    def alices(self, acme, alice):
        return acme.sync_for(acme.connect())["project"]["id"]

    def test_they_are_looked_at_and_not_changed(self, anna, alices):
        page = anna.read(f"/projects/{alices}")

        assert "co-branded" in page
        assert "/rotate-api-key" in page
        for act in ("pause", "restore", "upgrade", "restart", "delete"):
            assert f"/{act}" not in page
            assert anna.post(f"/projects/{alices}/{act}").status_code == 403

    def test_attack_184_after_a_cut_the_console_has_nothing_of_the_person_any_more(self, anna, alices, alice):
        operation = Operation.objects.get(project=alices).pk
        Connection.objects.update(cut_at=timezone.now())
        Project.objects.update(name="Alice's own word")
        Operation.objects.update(status="failed", error_code="x", error_message="y")

        for path in (f"/projects/{alices}", f"/operations/{operation}"):
            assert anna.get(path).status_code == 404
        assert anna.post(f"/operations/{operation}/retry").status_code == 404
        for path in ("", "/projects", "/operations", "/events"):
            assert "own word" not in anna.read(path)


class TestOperations:
    @pytest.fixture
    def broken(self, shop, globex, monkeypatch):
        """A pause that failed."""
        driver = install(monkeypatch, Scripted())
        driver.script = [refuses(is_retryable=False)]
        return globex.post(f"{shop}/pause")["operation_id"]

    def test_one_that_failed_says_why_and_is_tried_again(self, dan, vera, broken, shop):
        assert "The disk is full." in vera.read(f"/operations/{broken}")
        assert "<form" not in vera.read(f"/operations/{broken}")

        assert "tries again" in dan.reads_after(f"/operations/{broken}/retry")
        operations.run_due(timezone.now())
        assert status(shop) == "paused"
        assert "A later operation has replaced this one." in dan.reads_after(f"/operations/{broken}/retry")

    def test_one_that_has_not_begun_is_canceled(self, dan, shop, no_worker):
        dan.post(f"/projects/{shop}/pause")
        pause = Operation.objects.get(project=shop, type="pause").pk

        assert "Canceled." in dan.reads_after(f"/operations/{pause}/cancel")
        assert Operation.objects.get(pk=pause).status == "canceled"
        assert "The operation has ended." in dan.reads_after(f"/operations/{pause}/cancel")

    def test_the_list_is_narrowed_by_status(self, vera, broken, shop):
        assert broken in vera.read("/operations", status="failed")
        assert broken not in vera.read("/operations", status="succeeded")
        assert broken in vera.read("/operations")
