"""Staff keep partners, through the forms as a browser sends them (pages.md, "Admin")."""

import re

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partnership.models import Delivery, Event, Operation, Partner, Project, Provisioner, Region, Webhook
from tests import cast
from tests.forms import fields_of
from tests.partnership.clients import PartnerClient

AT = "/admin/partnership/"
ADD = f"{AT}partner/add/"


@pytest.fixture
def sam(db):
    """A browser of Sam's, who works here and may do everything."""
    return cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))


@pytest.fixture
def viewer(db):
    """Vera works here and may look at everything of partners."""
    vera = cast.person("vera@example.com", "Vera View", is_staff=True)
    looks = Permission.objects.filter(content_type__app_label="partnership", codename__startswith="view_")
    vera.user_permissions.set(looks)
    return cast.signed_in(vera)


def text(response) -> str:
    return response.content.decode()


def secret_in(response) -> str:
    return re.search(r"gps_[A-Za-z0-9_-]{43}", text(response))[0]


def add(browser, **changes):
    form = {**fields_of(browser.get(ADD)), "name": "Initech", "contact_email": "ops@initech.example"}
    return browser.post(ADD, {**form, "is_white_label": "on", **changes}), {**form, "is_white_label": "on", **changes}


def works(partner, secret):
    return PartnerClient(partner, secret).get("catalog").status


class TestAdd:
    def test_a_partner_gets_an_id_and_a_secret_that_works(self, sam):
        shown, _form = add(sam)

        partner = Partner.objects.get(name="Initech")
        assert (shown.status_code, partner.pk in text(shown), "curl -sS" in text(shown)) == (200, True, True)
        assert works(partner, secret_in(shown)) == 200
        assert re.fullmatch(r"ps_[a-z0-9]{16}", partner.pk)
        assert list(partner.events.order_by("id").values_list("type", "actor_name")) == [
            ("partner.registered", "sam@example.com"),
            ("secret.created", "sam@example.com"),
        ]

    def test_a_reload_shows_no_secret_and_makes_no_second_partner(self, sam):
        _shown, form = add(sam)
        again = sam.post(ADD, form, follow=True)

        assert "gps_" not in text(again)
        assert "Nobody can show the secret again" in text(again)
        assert Partner.objects.filter(name="Initech").count() == 1

    def test_the_first_secret_may_be_narrow(self, sam):
        shown, _form = add(sam, environment="test", scopes=["projects:read"], networks="192.0.2.0/24")

        secret = Partner.objects.get(name="Initech").secrets.get()
        assert (secret.environment, secret.scopes, secret.networks) == ("test", "projects:read", "192.0.2.0/24")
        assert "Test data" in text(shown)

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"is_white_label": ""}, "co-branded, white-label or both"),
            ({"name": "x"}, "2 to 100"),
            ({"networks": "192.0.2.0/24\nhome"}, "Line 2"),
            ({"scopes": []}, "required"),
            ({"requests_per_minute": "0"}, "requests_per_minute"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_made(self, sam, changes, says):
        shown, _form = add(sam, **changes)
        assert (shown.status_code, says in text(shown)) == (200, True)
        assert not Partner.objects.exists()


class TestChange:
    def page(self, globex):
        return f"{AT}partner/{globex.partner.pk}/change/"

    def change(self, browser, globex, **changes):
        form = {**fields_of(browser.get(self.page(globex))), **changes}
        return browser.post(self.page(globex), {name: value for name, value in form.items() if value is not None})

    def test_a_disabled_partner_is_refused_at_once(self, sam, globex):
        assert self.change(sam, globex, is_enabled=None).status_code == 302
        assert globex.sync()["code"] == "partner_disabled"
        event = Event.objects.get(type="partner.changed")
        assert event.data == {"changed": {"is_enabled": [True, False]}}

    def test_under_maintenance_a_partner_reads_and_changes_nothing(self, sam, globex, shop):
        self.change(sam, globex, is_in_maintenance="on")
        assert globex.get(f"{shop}/metadata").status == 200
        refused = globex.post(f"{shop}/pause")
        assert (refused.status, refused["code"]) == (503, "partner_in_maintenance")

    def test_a_limit_of_its_own_holds(self, sam, globex):
        self.change(sam, globex, requests_per_minute="1")
        assert [globex.get("catalog").status, globex.get("catalog").status] == [200, 429]

    def test_a_partner_is_never_deleted(self, sam, globex):
        assert sam.post(f"{AT}partner/{globex.partner.pk}/delete/", {"post": "yes"}).status_code == 403


class TestSecrets:
    def page(self, globex):
        return f"{AT}partner/{globex.partner.pk}/secrets/"

    def rotate(self, browser, globex, overlap):
        row = globex.partner.secrets.get()
        form = {"seen": [row.pk], "overlap": overlap}
        return browser.post(f"{self.page(globex)}{row.pk}/rotate/", form)

    @pytest.mark.parametrize(("overlap", "old_works"), [("now", 401), ("24h", 200), ("7d", 200), ("30d", 200)])
    def test_rotation_overlaps_as_long_as_chosen(self, sam, globex, overlap, old_works):
        shown = self.rotate(sam, globex, overlap)
        assert works(globex.partner, secret_in(shown)) == 200
        assert works(globex.partner, globex.secret) == old_works

    def test_the_overlap_ends(self, sam, globex, later):
        shown = self.rotate(sam, globex, "24h")
        later(hours=24, seconds=1)
        assert works(globex.partner, globex.secret) == 401
        assert works(globex.partner, secret_in(shown)) == 200

    def test_a_rotation_sent_twice_rotates_once(self, sam, globex):
        row = globex.partner.secrets.get()
        form = {"seen": [row.pk], "overlap": "7d"}
        sam.post(f"{self.page(globex)}{row.pk}/rotate/", form)
        again = sam.post(f"{self.page(globex)}{row.pk}/rotate/", form, follow=True)
        assert ("gps_" in text(again), globex.partner.secrets.count()) == (False, 2)

    def test_a_secret_ends_now(self, sam, globex):
        row = globex.partner.secrets.get()
        assert sam.post(f"{self.page(globex)}{row.pk}/end/", follow=True).status_code == 200
        assert globex.get("catalog").status == 401

    def test_another_one_is_added_beside(self, sam, globex):
        form = {**fields_of(sam.get(self.page(globex))), "secret_name": "reports", "scopes": ["usage:read"]}
        shown = sam.post(f"{self.page(globex)}add/", form)
        assert works(globex.partner, secret_in(shown)) == 403  # good, and of too narrow a scope
        assert globex.partner.secrets.get(name="reports").scopes == "usage:read"

    def test_attack_163_the_page_shows_four_letters_and_no_secret(self, sam, globex):
        page = text(sam.get(self.page(globex)))
        assert ("…gggg" in page, globex.secret in page) == (True, False)


class TestRows:
    def test_projects_show_whose_and_whether_real(self, sam, globex_test):
        project_id = globex_test.sync()["project"]["id"]
        listed, one = sam.get(f"{AT}project/"), sam.get(f"{AT}project/{project_id}/change/")
        assert "Test data" in text(listed)
        assert "It is in no live total." in text(one)
        assert "ik_" not in text(one)

    def test_a_failed_operation_is_tried_again(self, sam, globex, shop, later):
        globex.post(f"{shop}/pause")
        operation = Operation.objects.get(type="pause")
        Operation.objects.filter(pk=operation.pk).update(status="failed", error_code="x", error_message="It broke.")
        Project.objects.update(status="active")
        page = f"{AT}operation/{operation.pk}/"

        assert "It broke." in text(sam.get(f"{page}change/"))
        assert "tries again" in text(sam.post(f"{page}retry/", follow=True))
        again = Operation.objects.get(type="pause", status="pending")
        assert again.actor["name"] == "sam@example.com"
        assert "Canceled." in text(sam.post(f"{AT}operation/{again.pk}/cancel/", follow=True))
        assert Operation.objects.get(pk=again.pk).status == "canceled"

    def test_what_can_not_be_done_is_said(self, sam, globex, shop):
        operation = Operation.objects.get()
        refused = sam.post(f"{AT}operation/{operation.pk}/cancel/", follow=True)
        assert "The operation has ended." in text(refused)

    def test_a_delivery_is_sent_again(self, sam, globex):
        now = timezone.now()
        hook = Webhook.objects.create(
            partner=globex.partner, environment="live", url="https://globex.example/hook", created_at=now
        )
        globex.sync()
        Delivery.objects.update(status="failed", outcome="timed_out", finished_at=now)
        delivery = Delivery.objects.get()

        assert "too slow" in text(sam.get(f"{AT}delivery/{delivery.pk}/change/"))
        assert "Queued" in text(sam.post(f"{AT}delivery/{delivery.pk}/replay/", follow=True))
        assert Delivery.objects.filter(webhook=hook, is_replay=True, event=delivery.event_id).count() == 1

    @pytest.mark.parametrize("name", ["partner", "project", "operation", "webhook", "delivery", "event", "region"])
    def test_every_list_opens_for_who_may_look(self, viewer, globex, shop, name):
        assert viewer.get(f"{AT}{name}/").status_code == 200

    def test_who_may_look_changes_nothing(self, viewer, globex, shop):
        secret, operation = globex.partner.secrets.get(), Operation.objects.get()
        at = f"{AT}partner/{globex.partner.pk}/"
        assert viewer.get(f"{at}overview/").status_code == 200
        for path in (f"{at}secrets/{secret.pk}/end/", f"{at}secrets/add/", f"{AT}operation/{operation.pk}/cancel/"):
            assert viewer.post(path).status_code == 403, path
        assert "Rotate" not in text(viewer.get(f"{at}secrets/"))

    @pytest.mark.parametrize("path", ["partner/", "partner/ps_globex000001/secrets/", "operation/"])
    def test_alice_has_no_business_here(self, alice, globex, path):
        assert cast.signed_in(alice).get(f"{AT}{path}").status_code in (302, 403)

    def test_attack_159_events_are_never_edited(self, sam, globex):
        globex.sync()
        event = Event.objects.first()
        assert sam.post(f"{AT}event/{event.pk}/change/", {"type": "x"}).status_code == 403
        assert sam.get(f"{AT}event/add/").status_code == 403

    def test_events_are_found_by_request_project_partner_or_person(self, sam, globex, initech):
        asked = globex.sync()
        initech.sync()
        project = Project.objects.get(pk=asked["project"]["id"])
        page = f"{AT}partner/{globex.partner.pk}/change/"
        sam.post(page, {**fields_of(sam.get(page)), "name": "New"})
        request_id = project.events.first().request_id

        def found(term):
            return {event.pk for event in sam.get(f"{AT}event/", {"q": term}).context["cl"].result_list}

        def those(**of):
            return {event.pk for event in Event.objects.filter(**of)}

        assert found(request_id) == those(request_id=request_id) != set()
        assert found(f" {project.pk} ") == those(project=project) != set()
        assert found(globex.partner.pk) == those(partner=globex.partner) != set()
        assert found("Sam@example.com") == those(actor_name="sam@example.com") != set()
        assert found("nobody@example.com") == found(request_id[:9]) == found("Globex") == set()

    def test_the_list_of_events_looks_at_few_of_them(self, sam, globex, django_assert_max_num_queries):
        globex.sync()
        newest = Event.objects.latest("id")
        with django_assert_max_num_queries(50) as asked:
            page = text(sam.get(f"{AT}event/", {"q": newest.request_id}))

        assert f"type={newest.type}" in page
        looked = [query["sql"] for query in asked.captured_queries if 'FROM "partnership_event"' in query["sql"]]
        assert len(looked) >= 3
        assert not [sql for sql in looked if "LIKE" in sql or "DISTINCT" in sql]
        assert all("LIMIT" in sql for sql in looked if "COUNT" in sql)


class TestCatalog:
    def test_a_region_moves_to_another_provisioner(self, sam, globex):
        other = Provisioner.objects.create(name="second", kind="embedded")
        page = f"{AT}region/us-west/change/"
        form = {**fields_of(sam.get(page)), "provisioner": other.pk}

        assert sam.post(page, form).status_code == 302
        made = globex.sync(region="us-west")["project"]["id"]
        assert Project.objects.get(pk=made).provisioner == other

    def test_the_default_moves_and_is_never_missing(self, sam, globex):
        page = f"{AT}region/us-west/change/"
        provisioner = {"provisioner": Region.objects.get(name="us-west").provisioner_id}
        sam.post(page, {**fields_of(sam.get(page)), **provisioner, "is_default": "on"})
        assert globex.get(f"{globex.sync()['project']['id']}/metadata")["project"]["region"] == "us-west"
        form = {**fields_of(sam.get(page)), **provisioner}
        form.pop("is_default")
        assert "there is always one" in text(sam.post(page, form))

    @pytest.mark.parametrize(
        ("kind", "name"), [("region", "us-west"), ("instancetype", "micro"), ("serviceversion", "v2.2.1")]
    )
    def test_what_is_there_is_not_added_over(self, sam, kind, name):
        rows = apps.get_model("partnership", kind).objects.order_by("pk")
        before = [*rows.values()]
        given = {"name": name, "title": "Other", "connection_limit": 7777, "rank": 9, "is_offered": "on"}
        given["provisioner"] = Provisioner.objects.values_list("pk", flat=True)[0]
        page = f"{AT}{kind}/add/"

        shown = sam.post(page, {**fields_of(sam.get(page)), **given})

        assert ("already exists" in text(shown), [*rows.values()]) == (True, before)

    def test_the_regions_of_many_provisioners_are_read_at_once(self, sam, globex, django_assert_num_queries):
        with CaptureQueriesContext(connection) as asked:
            assert "us-west" in text(sam.get(f"{AT}provisioner/"))
        for number in range(5):
            Provisioner.objects.create(name=f"more-{number}", kind="embedded")
        with django_assert_num_queries(len(asked)):
            sam.get(f"{AT}provisioner/")

    def test_attack_163_a_provisioners_settings_are_kept_and_never_shown(self, sam):
        given = {"name": "frankfurt", "kind": "osb", "settings": '{"url": "https://x.example", "password": "hush"}'}
        assert sam.post(f"{AT}provisioner/add/", given).status_code == 302
        row = Provisioner.objects.get(name="frankfurt")
        assert "hush" not in row.encrypted_settings + text(sam.get(f"{AT}provisioner/{row.pk}/change/"))
        assert "not JSON" in text(sam.post(f"{AT}provisioner/{row.pk}/change/", {"name": "f", "settings": "{"}))

    def test_a_provisioners_usage_path_is_a_path(self, sam):
        page, form = f"{AT}provisioner/add/", {"name": "f", "kind": "embedded"}
        assert "usage_path" in text(sam.get(page))
        assert "begins with a slash" in text(sam.post(page, {**form, "settings": '{"usage_path": ".x.example"}'}))
        assert sam.post(page, {**form, "settings": '{"usage_path": "/usage/v1"}'}).status_code == 302

    def test_the_last_simulated_provisioner_stays_for_every_new_project_of_tests(self, sam, globex):
        first = Provisioner.objects.get(kind="simulated")
        page = f"{AT}provisioner/{{}}/delete/".format
        assert sam.post(page(first.pk), {"post": "yes"}).status_code == 403

        second = Provisioner.objects.create(name="second", kind="simulated")
        assert sam.post(page(second.pk), {"post": "yes"}).status_code == 302
        assert [*Provisioner.objects.filter(kind="simulated")] == [first]
