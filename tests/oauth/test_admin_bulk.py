"""Staff disable and enable several clients at once, and see what of it was refused (decision 0184)."""

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Group
from django.test import RequestFactory
from django.utils import timezone

from accounts import bulk
from oauth_provider.admin import client_actions
from oauth_provider.models import Application, Registration
from tests import cast
from tests.forms import fields_of
from tests.oauth.test_admin_clients import LIST, staff_browser, text

__all__ = ["staff_browser"]


def act(browser, name, *clients, **more):
    """Sends the action of the list for `clients`; the page that comes of it."""
    form = {"action": name, "_selected_action": [client.pk for client in clients], "index": 0, **more}
    return browser.post(LIST, form, follow=True)


def enabled(*clients):
    return [Application.objects.get(pk=client.pk).is_enabled for client in clients]


@pytest.fixture
def shelf(db):
    return cast.native_application("Shelf")


def test_a_page_says_in_sum_what_ends_and_each_person_counts_once(staff_browser, acme_app, alice, bob, shelf):
    other = cast.web_application("Beta", secret="gcs_" + "b" * 43)
    acme_app.tokens_for(alice)
    acme_app.tokens_for(bob)
    beta = type(acme_app)(other, "gcs_" + "b" * 43)
    beta.tokens_for(alice)

    asked = act(staff_browser, "disable_selected", acme_app.application, other, shelf)

    assert "In sum this ends 6 tokens of 2 users" in text(asked)
    assert enabled(acme_app.application, other, shelf) == [True, True, True]
    done = staff_browser.post(LIST, fields_of(asked), follow=True)
    assert "Disable: 3 of 3 done." in text(done)
    assert enabled(acme_app.application, other, shelf) == [False, False, False]


def test_what_is_disabled_already_is_named_and_the_rest_is_done(staff_browser, acme_app, shelf):
    Application.objects.filter(pk=shelf.pk).update(is_enabled=False)

    done = act(staff_browser, "disable_selected", acme_app.application, shelf, confirmed="yes")

    assert "Disable: 1 of 2 done." in text(done)
    assert "There is nothing left to do. (Shelf)" in text(done)
    assert enabled(acme_app.application, shelf) == [False, False]


def test_the_history_names_who_did_it(staff_browser, acme_app):
    act(staff_browser, "disable_selected", acme_app.application, confirmed="yes")

    entry = LogEntry.objects.get_for_object(acme_app.application).get(changes__is_enabled=["True", "False"])
    assert entry.actor.email == "sam@example.com"


def test_a_filter_that_hides_a_selected_client_lets_nobody_think_it_done(staff_browser, acme_app, shelf):
    Application.objects.filter(pk=shelf.pk).update(is_enabled=False)
    form = {"action": "disable_selected", "_selected_action": [acme_app.application.pk, shelf.pk], "confirmed": "yes"}

    done = staff_browser.post(f"{LIST}?is_enabled__exact=1", form, follow=True)

    assert "Disable: 1 of 2 done." in text(done)


def test_nobody_is_asked_about_nothing(staff_browser, shelf):
    done = staff_browser.post(
        f"{LIST}?is_enabled__exact=0", {"action": "disable_selected", "_selected_action": [shelf.pk]}, follow=True
    )

    assert "Disable: 0 of 1 done." in text(done)
    assert enabled(shelf) == [True]


@pytest.mark.parametrize("act_on", [client_actions.disable, client_actions.enable])
def test_what_a_colleague_was_faster_with_is_not_told_as_done(shelf, act_on):
    seen = Application.objects.get(pk=shelf.pk)
    seen.is_enabled = act_on is client_actions.disable  # as the list still had it
    Application.objects.filter(pk=shelf.pk).update(is_enabled=not seen.is_enabled)

    with pytest.raises(bulk.NothingToDo):
        act_on(RequestFactory().post("/"), seen)


def test_enabling_several_leaves_out_who_waits_for_a_decision(staff_browser, acme_app, shelf):
    Application.objects.update(is_enabled=False)
    Registration.objects.create(application=shelf, asked_at=timezone.now(), state="pending")

    done = act(staff_browser, "enable_selected", acme_app.application, shelf)

    assert "Its registration waits or was refused. Approve it there. (Shelf)" in text(done)
    assert enabled(acme_app.application, shelf) == [True, False]


def test_more_than_may_be_done_at_once_is_none(staff_browser, acme_app, shelf, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 1)

    for more in ({}, {"select_across": "1"}):
        done = act(staff_browser, "disable_selected", acme_app.application, shelf, confirmed="yes", **more)
        assert "At most 1 at once. Nothing was done." in text(done)
    assert enabled(acme_app.application, shelf) == [True, True]


def test_support_is_offered_no_such_action_and_sends_it_in_vain(acme_app):
    rita = cast.person("rita@example.com", "Rita", is_staff=True)
    rita.groups.set(Group.objects.filter(name="Support"))
    browser = cast.signed_in(rita)

    page = text(browser.get(LIST))
    assert ("download_csv" in page, "disable_selected" in page) == (True, False)
    act(browser, "disable_selected", acme_app.application, confirmed="yes")
    assert enabled(acme_app.application) == [True]


def test_an_operator_may(acme_app):
    oscar = cast.person("oscar@example.com", "Oscar", is_staff=True)
    oscar.groups.set(Group.objects.filter(name="Operators"))

    act(cast.signed_in(oscar), "disable_selected", acme_app.application, confirmed="yes")

    assert enabled(acme_app.application) == [False]


def test_a_link_does_nothing(staff_browser, acme_app):
    form = {"action": "disable_selected", "_selected_action": acme_app.application.pk, "confirmed": "yes"}
    staff_browser.get(LIST, form)
    assert enabled(acme_app.application) == [True]


def test_what_was_deleted_meanwhile_is_named_and_the_rest_is_done(db, shelf):
    gone = cast.native_application("Gone")
    chosen = list(Application.objects.filter(pk__in=[gone.pk, shelf.pk]))
    Application.objects.filter(pk=gone.pk).delete()

    refused = bulk.do_each(RequestFactory().post("/"), chosen, lambda _request, row: row.refresh_from_db())

    assert dict(refused) == {"The requested resource was not found.": [chosen[1]]}
