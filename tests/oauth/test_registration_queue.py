"""Staff decide about clients that registered themselves; the worker tells them and ends what nobody uses."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config import chores
from oauth_provider import registration, registration_queue
from oauth_provider.models import Application, DocumentHost, Registration
from oauth_provider.registration_queue import AlreadyDecided
from tests import cast
from tests.clients import OAuthClient
from tests.forms import fields_of
from tests.oauth.test_admin_clients import page_of, staff_browser, text
from tests.oauth.test_registration import CONTRACT, authorize, register, token_of
from tests.post import letters

__all__ = ["staff_browser"]

QUEUE = "/admin/oauth_provider/registration/"
HOSTS = "/admin/oauth_provider/documenthost/"


@pytest.fixture
def asks(alice, acme_cli, settings):
    """Has alice ask for a client; its row."""
    settings.REGISTRATION = "staff"
    token = token_of(alice, acme_cli)

    def ask(name="Bookshelf", **changes):
        made = register({**CONTRACT, "name": name, **changes}, token)
        return Registration.objects.get(application__client_id=made["client_id"])

    return ask


def state_of(row):
    return Registration.objects.get(pk=row.pk).state


def page(row, name="change"):
    return f"{QUEUE}{row.pk}/{name}/"


def test_home_says_that_something_waits_until_it_is_decided(staff_browser, asks):
    assert "for approval" not in text(staff_browser.get("/admin/"))
    row = asks()
    asks("Shelf")
    home = text(staff_browser.get("/admin/"))
    assert "Needs attention" in home
    assert f'<a href="{QUEUE}?state__exact=pending">2 clients wait for approval</a>' in home
    registration_queue.approve(row, None, timezone.now())
    assert "1 client waits for approval" in text(staff_browser.get("/admin/"))


def test_the_queue_says_who_asked_when_where_to_and_for_what(staff_browser, asks):
    asks(logo_uri="https://bookshelf.example/logo.png")
    listed = text(staff_browser.get(QUEUE, {"state__exact": "pending"}))
    for shown in ("Bookshelf", "alice@example.com (127.0.0.1)", "bookshelf.example", "user:read projects:read"):
        assert shown in listed
    detail = text(staff_browser.get(page(Registration.objects.get())))
    for shown in ("https://bookshelf.example/callback", "https://bookshelf.example/logo.png", "waits for staff"):
        assert shown in detail
    assert "<img" not in detail


def test_staff_approve_and_people_sign_in(staff_browser, asks, alice):
    row = asks()
    decided = staff_browser.post(page(row, "approve"), follow=True)
    assert "Decided." in text(decided)
    row.refresh_from_db()
    assert (row.state, row.decided_by.email) == ("approved", "sam@example.com")
    assert authorize(row.application.client_id).status_code == 302  # to sign in
    changes = [entry.changes_dict for entry in LogEntry.objects.get_for_object(row.application)]
    assert {"registration": ["pending", "approved"]} in changes
    assert "Registration" in text(staff_browser.get(page_of(row.application, "history")))


def test_staff_refuse_with_a_reason(staff_browser, asks):
    row = asks()
    for nothing in ("", "   ", "x" * 201):
        assert "Say why" in text(staff_browser.post(page(row, "refuse"), {"reason": nothing}, follow=True))
        assert state_of(row) == "pending"
    staff_browser.post(page(row, "refuse"), {"reason": "Nobody\nwe know."})
    row.refresh_from_db()
    assert (row.state, row.reason) == ("refused", "Nobody we know.")
    shown = authorize(row.application.client_id)
    assert (shown.status_code, "was not approved" in text(shown)) == (400, True)
    assert "Nobody we know" not in text(shown)


def test_a_second_decision_changes_nothing(staff_browser, asks):
    row = asks()
    staff_browser.post(page(row, "approve"))
    for again in ("approve", "refuse"):
        answered = staff_browser.post(page(row, again), {"reason": "No."}, follow=True)
        assert "does not wait any more" in text(answered)
    assert state_of(row) == "approved"


def test_a_refusal_can_be_taken_back(staff_browser, asks):
    row = asks()
    staff_browser.post(page(row, "refuse"), {"reason": "No."})
    staff_browser.post(page(row, "approve"))
    row.refresh_from_db()
    assert (row.state, row.reason, row.application.is_enabled) == ("approved", "", True)


def test_history_says_what_a_decision_found_and_not_what_a_page_had_read(asks):
    row = asks()
    as_it_waited = Registration.objects.select_related("application").get(pk=row.pk)
    registration_queue.refuse(row, "No.", None, timezone.now())
    registration_queue.approve(as_it_waited, None, timezone.now())
    said = [entry.changes.get("registration") for entry in LogEntry.objects.order_by("pk") if entry.changes]
    assert ["refused", "approved"] in said


def test_nobody_decides_about_a_client_that_took_itself_away(asks):
    row = asks()
    registration.end(row, timezone.now())
    with pytest.raises(AlreadyDecided):
        registration_queue.approve(row, None, timezone.now())


def test_many_are_approved_at_once(staff_browser, asks):
    rows = [asks(), asks("Shelf"), asks("Third")]
    registration_queue.approve(rows[2], None, timezone.now())
    action = {"action": "approve_selected", "_selected_action": [row.pk for row in rows]}
    done = text(staff_browser.post(QUEUE, action, follow=True))
    assert "2 registrations decided." in done
    assert "1 did not wait any more." in done
    assert Application.objects.filter(is_enabled=False).count() == 0


def test_many_are_refused_at_once_with_one_reason(staff_browser, asks):
    rows = [asks(), asks("Shelf")]
    action = {"action": "refuse_selected", "_selected_action": [row.pk for row in rows]}
    asked = staff_browser.post(QUEUE, action)
    assert [state_of(row) for row in rows] == ["pending", "pending"]
    form = fields_of(asked)
    assert "Say why" in text(staff_browser.post(QUEUE, {**form, "reason": " "}))
    staff_browser.post(QUEUE, {**form, "reason": "Spam."})
    assert {(state_of(row), Registration.objects.get(pk=row.pk).reason) for row in rows} == {("refused", "Spam.")}


def test_who_may_only_look_decides_nothing(asks, mallory):
    row = asks()
    reader = cast.person("rita@example.com", "Rita Reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_registration"))
    browser = cast.signed_in(reader)
    assert "Bookshelf" in text(browser.get(QUEUE))
    assert "Approve" not in text(browser.get(page(row)))
    for name in ("approve", "refuse"):
        assert browser.post(page(row, name), {"reason": "No."}).status_code == 403
        assert cast.signed_in(mallory).post(page(row, name), {"reason": "No."}, follow=True).status_code == 403
        assert Client().post(page(row, name)).status_code == 302
    browser.post(QUEUE, {"action": "approve_selected", "_selected_action": [row.pk]})
    assert state_of(row) == "pending"


def test_a_link_decides_nothing(staff_browser, asks):
    row = asks()
    assert [staff_browser.get(page(row, name)).status_code for name in ("approve", "refuse")] == [405, 405]
    assert staff_browser.post(page(row), {"state": "approved"}).status_code == 403
    assert state_of(row) == "pending"


def test_enabling_leads_to_the_decision(staff_browser, asks):
    row = asks()
    assert staff_browser.post(page_of(row.application, "enable"))["Location"] == page(row)
    assert state_of(row) == "pending"


def test_a_name_full_of_markup_is_text(staff_browser, asks):
    asks("<script>alert(1)</script>")
    row = Registration.objects.get()
    for place in (QUEUE, page(row)):
        assert "<script>alert" not in text(staff_browser.get(place))


def test_staff_who_may_decide_are_told_once(staff_browser, asks, mallory):
    cast.person("rita@example.com", "Rita Reader", is_staff=True)
    asks()
    asks("Shelf")
    assert registration_queue.tell_staff(timezone.now()) == {"registrations_told": 2}
    assert registration_queue.tell_staff(timezone.now()) == {"registrations_told": 0}
    letter = letters()[-1]  # after those to alice about her tokens
    assert sum("wait" in one.subject for one in letters()) == 1
    assert (letter.to, "2 clients wait for approval" in letter.subject) == (["sam@example.com"], True)
    assert "Bookshelf (https://bookshelf.example/callback)" in letter.body
    assert f"http://localhost:8000{QUEUE}?state__exact=pending" in letter.body


def test_what_is_open_tells_nobody(staff_browser, settings):
    settings.REGISTRATION = "open"
    register(CONTRACT)
    registration_queue.tell_staff(timezone.now())
    assert letters() == []


def test_a_flood_is_one_letter_of_some_lines(staff_browser, asks, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "registration": (100, 3600)}
    for number in range(23):
        asks(f"Shelf {number}")
    registration_queue.tell_staff(timezone.now())
    assert letters()[-1].body.count("https://bookshelf.example/callback") == 20
    assert "and 3 more" in letters()[-1].body


class TestUnused:
    """A registered client that nobody uses ends by itself."""

    @pytest.fixture
    def agent(self, db):
        body = {**CONTRACT, "client_type": "public", "redirect_uris": ["http://127.0.0.1/callback"]}
        made = register(body)
        application = Application.objects.get(client_id=made["client_id"])
        return OAuthClient(application, redirect_uri="http://127.0.0.1:49152/callback")

    def test_one_that_was_never_used_goes_and_history_knows(self, agent, later):
        later(days=89)
        assert registration_queue.end_unused(timezone.now()) == {"registrations_ended": 0}
        later(days=2)
        assert registration_queue.end_unused(timezone.now()) == {"registrations_ended": 1}
        assert not Application.objects.exists()
        assert LogEntry.objects.filter(action=LogEntry.Action.DELETE, object_repr="Bookshelf").exists()

    def test_one_in_use_stays(self, agent, alice, later):
        later(days=60)
        agent.tokens_for(alice)
        later(days=60)
        assert registration_queue.end_unused(timezone.now()) == {"registrations_ended": 0}

    def test_one_that_was_used_long_ago_is_ended_and_kept_in_sight(self, agent, alice, later):
        agent.tokens_for(alice)
        later(days=91)
        assert registration_queue.end_unused(timezone.now()) == {"registrations_ended": 1}
        row = Registration.objects.get()
        assert (row.state, row.reason, row.application.is_enabled, row.token_digest) == ("ended", "unused", False, None)
        assert registration_queue.end_unused(timezone.now()) == {"registrations_ended": 0}

    def test_one_that_staff_approve_at_that_moment_stays(self, asks, later):
        asks()
        later(days=91)
        now = timezone.now()
        (listed,) = registration_queue.unused_since(now - timedelta(days=90))
        registration_queue.approve(listed, None, now)
        assert not registration_queue.end_one(listed, now - timedelta(days=90), now)
        assert state_of(listed) == "approved"

    def test_the_days_are_a_setting(self, agent, settings, later):
        settings.REGISTRATION_UNUSED_DAYS = 1
        later(days=2)
        assert registration_queue.end_unused(timezone.now()) == {"registrations_ended": 1}

    def test_clients_of_staff_stay_for_ever(self, acme_cli, later):
        later(days=1000)
        assert registration_queue.end_unused(timezone.now()) == {"registrations_ended": 0}

    def test_the_worker_does_both(self):
        assert {"tell_of_registrations", "end_unused_registrations"} <= {chore.name for chore in chores.CHORES}


class TestHosts:
    def add(self, browser, **changes):
        form = {**fields_of(browser.get(f"{HOSTS}add/")), "host": "agent.example", "policy": "allowed", **changes}
        return browser.post(f"{HOSTS}add/", form)

    def test_staff_decide_by_host(self, staff_browser):
        assert self.add(staff_browser, host=" Agent.Example ").status_code == 302
        assert registration_queue.policy_of("agent.example") == "allowed"
        assert registration_queue.policy_of("other.example") == "staff"
        assert "agent.example" in text(staff_browser.get(HOSTS))

    def test_many_hosts_are_no_more_queries_than_one(self, staff_browser, asks, django_assert_num_queries):
        asks()
        Registration.objects.update(document_host="agent.example", token_digest=None)
        self.add(staff_browser)
        with CaptureQueriesContext(connection) as of_one:
            assert '?document_host=agent.example">1<' in text(staff_browser.get(HOSTS))
        DocumentHost.objects.bulk_create(DocumentHost(host=f"{number}.example") for number in range(9))
        with django_assert_num_queries(len(of_one)):
            assert '?document_host=8.example">0<' in text(staff_browser.get(HOSTS))

    @pytest.mark.parametrize("host", ["", "https://agent.example", "agent.example/", "*.example", "a b", "ä.example"])
    def test_a_host_is_a_name(self, staff_browser, host):
        assert self.add(staff_browser, host=host).status_code == 200
        assert not DocumentHost.objects.exists()

    def test_a_change_reaches_the_clients_of_the_host(self, staff_browser, asks):
        row = asks()
        Registration.objects.update(document_host="agent.example", token_digest=None)
        self.add(staff_browser, policy="staff")
        assert state_of(row) == "pending"
        host = DocumentHost.objects.get()
        changed = staff_browser.post(f"{HOSTS}{host.pk}/change/", {"policy": "refused", "note": "spam"}, follow=True)
        assert "1 client of it changed with it." in text(changed)
        assert state_of(row) == "refused"
