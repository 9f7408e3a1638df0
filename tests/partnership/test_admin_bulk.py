"""Staff act on several rows of a partner's lists at once, and take the lists as CSV (decision 0184)."""

import csv

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from partnership.models import Delivery, Event, Operation, Partner, Project, Webhook
from tests import cast
from tests.forms import fields_of
from tests.partnership.test_admin import AT, sam, text, viewer

__all__ = ["sam", "viewer"]


def act(browser, of, name, *keys, **more):
    """Sends the action of the list `of` for `keys`; the page that comes of it."""
    form = {"action": name, "_selected_action": list(keys), "index": 0, **more}
    return browser.post(f"{AT}{of}/", form, follow=True)


def confirm(browser, of, asked):
    return text(browser.post(f"{AT}{of}/", fields_of(asked), follow=True))


def rows_of(response):
    return list(csv.DictReader(b"".join(response.streaming_content).decode().splitlines()))


@pytest.fixture
def blog(globex):
    """Another active project of globex: the id."""
    return globex.sync(project_name="blog")["project"]["id"]


@pytest.fixture
def oscar(db):
    """A browser of Oscar's, who operates."""
    person = cast.person("oscar@example.com", "Oscar", is_staff=True)
    person.groups.set(Group.objects.filter(name="Operators"))
    return cast.signed_in(person)


class TestProjects:
    def test_several_are_paused_after_a_page_that_asks(self, oscar, shop, blog):
        asked = act(oscar, "project", "pause_selected", shop, blog)
        assert "Nobody reaches them until they are restored." in text(asked)
        assert not Operation.objects.filter(type="pause").exists()

        assert "Pause: 2 of 2 done." in confirm(oscar, "project", asked)
        assert set(Operation.objects.filter(type="pause").values_list("status", flat=True)) == {"pending"}
        events = Event.objects.filter(type="project.pause_requested")
        assert set(events.values_list("actor_kind", "actor_name")) == {("staff", "oscar@example.com")}

    def test_what_can_not_be_paused_is_named_and_the_rest_is_done(self, sam, shop, blog):
        Project.objects.filter(pk=blog).update(status="paused")

        done = text(act(sam, "project", "pause_selected", shop, blog, confirmed="yes"))

        assert "Pause: 1 of 2 done." in done
        assert "There is nothing left to do. (blog)" in done
        assert [str(each.project_id) for each in Operation.objects.filter(type="pause")] == [shop]

    def test_several_are_restored(self, sam, shop, blog):
        Project.objects.update(status="paused")
        assert "Restore: 2 of 2 done." in text(act(sam, "project", "restore_selected", shop, blog))
        assert Operation.objects.filter(type="restore", status="pending").count() == 2

    def test_another_operation_under_way_refuses(self, sam, shop):
        act(sam, "project", "pause_selected", shop, confirmed="yes")
        done = text(act(sam, "project", "restore_selected", shop))
        assert "Another operation is running on this project." in done


class TestOperations:
    @pytest.fixture
    def failed(self, globex, shop):
        globex.post(f"{shop}/pause")
        operation = Operation.objects.get(type="pause")
        Operation.objects.filter(pk=operation.pk).update(
            status="failed", error_code="x", error_message="It broke.", finished_at=timezone.now()
        )
        Project.objects.update(status="active")
        return operation

    def test_failed_ones_are_tried_again_and_others_named(self, sam, failed, blog):
        made = Operation.objects.get(type="create", project=blog)

        done = text(act(sam, "operation", "retry_selected", failed.pk, made.pk))

        assert "Try again: 1 of 2 done." in done
        assert "Only a failed or canceled operation can be tried again." in done
        assert Operation.objects.get(type="pause", status="pending").actor["name"] == "sam@example.com"

    def test_waiting_ones_are_canceled_after_a_page_that_asks(self, sam, shop, blog):
        act(sam, "project", "pause_selected", shop, confirmed="yes")
        waiting, ended = Operation.objects.get(type="pause"), Operation.objects.get(type="create", project=blog)

        asked = act(sam, "operation", "cancel_selected", waiting.pk, ended.pk)
        assert Operation.objects.get(pk=waiting.pk).is_open
        done = confirm(sam, "operation", asked)

        assert "Cancel: 1 of 2 done." in done
        assert "The operation has ended." in done
        assert Operation.objects.get(pk=waiting.pk).status == "canceled"


class TestPartners:
    def test_several_are_disabled_and_enabled(self, sam, globex, initech):
        keys = [globex.partner.pk, initech.partner.pk]
        asked = act(sam, "partner", "disable_selected", *keys)
        assert globex.get("catalog").status == 200

        assert "Disable: 2 of 2 done." in confirm(sam, "partner", asked)
        assert globex.sync()["code"] == "partner_disabled"
        assert Event.objects.filter(type="partner.changed", actor_name="sam@example.com").count() == 2
        assert "Enable: 2 of 2 done." in text(act(sam, "partner", "enable_selected", *keys))
        assert globex.get("catalog").status == 200

    def test_what_is_so_already_is_named(self, sam, globex, initech):
        Partner.objects.filter(pk=initech.partner.pk).update(is_enabled=False)
        done = text(act(sam, "partner", "enable_selected", globex.partner.pk, initech.partner.pk))
        assert "Enable: 1 of 2 done." in done
        assert "There is nothing left to do. (Globex)" in done


class TestWebhooks:
    @pytest.fixture
    def hook(self, globex):
        return Webhook.objects.create(
            partner=globex.partner, environment="live", url="https://globex.example/hook", created_at=timezone.now()
        )

    def test_an_endpoint_is_switched_off_with_what_waits_for_it(self, sam, hook, shop):
        asked = act(sam, "webhook", "disable_selected", hook.pk)
        assert "1 delivery that waits is given up" in text(asked)
        confirm(sam, "webhook", asked)

        hook.refresh_from_db()
        assert (hook.is_enabled, Delivery.objects.get().outcome) == (False, "webhook_disabled")
        assert Event.objects.filter(type="webhook.changed", actor_name="sam@example.com").count() == 1
        assert "Switch on: 1 of 1 done." in text(act(sam, "webhook", "enable_selected", hook.pk))

    def test_deliveries_are_sent_again_and_what_waits_is_named(self, sam, hook, shop, blog):
        first, second = Delivery.objects.order_by("pk")
        Delivery.objects.filter(pk=first.pk).update(status="failed", outcome="timed_out", finished_at=timezone.now())

        done = text(act(sam, "delivery", "replay_selected", first.pk, second.pk))

        assert "Send again: 1 of 2 done." in done
        assert [each.event_id for each in Delivery.objects.filter(is_replay=True)] == [first.event_id]

    def test_nothing_is_sent_again_to_an_endpoint_that_is_off(self, sam, hook, shop):
        Delivery.objects.update(status="failed", outcome="timed_out", finished_at=timezone.now())
        Webhook.objects.update(is_enabled=False)
        done = text(act(sam, "delivery", "replay_selected", Delivery.objects.get().pk))
        assert "The webhook is switched off. Switch it on first." in done


ACTIONS = {
    "partner": ("disable_selected", "enable_selected"),
    "project": ("pause_selected", "restore_selected"),
    "operation": ("retry_selected", "cancel_selected"),
    "webhook": ("disable_selected", "enable_selected"),
    "delivery": ("replay_selected",),
}


@pytest.fixture
def everything(globex, shop):
    """One row in each list, and the events that are there before anybody acts."""
    hook = Webhook.objects.create(
        partner=globex.partner, environment="live", url="https://globex.example/hook", created_at=timezone.now()
    )
    globex.post(f"{shop}/pause")
    rows = (globex.partner, Project.objects.get(), Operation.objects.get(type="pause"), hook, Delivery.objects.first())
    return dict(zip(ACTIONS, (row.pk for row in rows), strict=True)), Event.objects.count()


@pytest.mark.parametrize("of", ACTIONS)
def test_who_may_look_acts_on_none(viewer, everything, of):
    keys, before = everything
    page = text(viewer.get(f"{AT}{of}/"))
    for name in ACTIONS[of]:
        assert name not in page
        act(viewer, of, name, keys[of], confirmed="yes")
    assert Event.objects.count() == before


@pytest.mark.parametrize("of", ACTIONS)
def test_a_link_does_nothing(sam, everything, of):
    keys, before = everything
    for name in ACTIONS[of]:
        assert name in text(sam.get(f"{AT}{of}/"))
        sam.get(f"{AT}{of}/", {"action": name, "_selected_action": keys[of], "confirmed": "yes", "index": 0})
    assert Event.objects.count() == before


class TestCsv:
    def test_who_may_look_takes_the_lists(self, viewer, everything, shop):
        keys, _before = everything
        lists = {of: rows_of(act(viewer, of, "download_csv", keys[of])) for of in ("partner", "project", "operation")}
        assert (lists["partner"][0]["name"], lists["partner"][0]["live_projects"]) == ("Globex", "1")
        assert (lists["project"][0]["id"], lists["project"][0]["partner"]) == (shop, "Globex")
        assert (lists["operation"][0]["type"], lists["operation"][0]["project_id"]) == ("pause", shop)

    @pytest.mark.parametrize("name", ["=1+1", "＝1+1", "@x"])
    def test_attack_151_no_name_is_a_formula(self, sam, shop, name):
        Project.objects.update(name=name)
        assert rows_of(act(sam, "project", "download_csv", shop))[0]["name"] == f"'{name}"
