"""The charts in Chromium: in a very small window, by keyboard, and without JavaScript."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Membership, Organization, Role
from partnership.models import Project
from tests import cast
from tests.browser.conftest import tab
from tests.usage.world import World
from usage import statements
from usage.models import IngestGate
from usage.sql_store import gate, store
from usage.store import Recorded, Sender

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
NOW = datetime.now(UTC)


@pytest.fixture
def shop(transactional_db):
    """A project of a partner's with fifty days behind it, of which the last thirty have usage."""
    reopen()
    project = Project.objects.get(pk=World().project(born=NOW - timedelta(days=50)))
    fill(project)
    statements.close_due(NOW)
    yield project
    # What is closed can't be deleted, not even by the test's end.
    reopen()


@pytest.fixture
def team(transactional_db):
    reopen()
    bob = cast.person("bob@example.com", "Bob Example")
    organization = Organization.objects.create(name="Alice and Bob", type="team", slug="alice-and-bob")
    Membership.objects.create(organization=organization, user=bob, role=Role.MEMBER)
    fill(Project.objects.get(pk=World().platform_project(organization, NOW - timedelta(days=20))))
    return organization


def reopen():
    """Closed months are guarded by triggers, which outlive the rows that a test leaves behind."""
    IngestGate.objects.update(first_open_day=gate.NOTHING_CLOSED)
    gate.guard(gate.NOTHING_CLOSED)


def fill(project):
    events = [
        Recorded("/edge", f"{project.pk}/{number}", project.pk, NOW - timedelta(days=number), amounts)
        for number in range(0, 30, 3)
        for amounts in ({"ai_tokens": 1000 + number, "ai_credits": 150_000, "database_size_bytes": 2**30},)
    ]
    store.record(Sender(1, "live"), events, NOW)


def cookie_of(person, site):
    return {"name": "session", "value": cast.signed_in(person).cookies["session"].value, "url": site}


@pytest.fixture
def sam(site):
    return cookie_of(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True), site)


def usage_of(project) -> str:
    return f"/admin/partnership/project/{project.pk}/usage/?days=7"


def test_nothing_scrolls_sideways_at_320_px_and_the_policy_stops_nothing(chromium, site, team, sam, shop):
    said = []
    with tab(chromium, "light", 320) as page:
        page.on("console", lambda message: said.append(message.text))
        page.context.add_cookies([sam])
        page.goto(f"{site}/admin/partnership/partner/{shop.partner_id}/usage/")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        page.context.add_cookies([cookie_of(team.memberships.get().user, site)])
        page.goto(f"{site}/account/organizations/{team.pk}/usage")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert [text for text in said if "Content Security Policy" in text] == []


def test_the_keyboard_reaches_the_events_of_a_day_without_javascript(chromium, site, sam, shop):
    with tab(chromium, java_script_enabled=False) as page:
        page.context.add_cookies([sam])
        page.goto(site + usage_of(shop))
        page.locator("#ai_tokens-heading ~ details > summary").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")  # the table, which scrolls
        page.keyboard.press("Tab")  # today
        page.keyboard.press("Enter")
        page.get_by_role("heading", name=f"AI tokens on {NOW.date()}: 1,000 tokens").wait_for()
        assert page.get_by_text(f"{shop.pk}/0").count() == 1


def test_a_column_of_the_picture_leads_to_the_same_place(chromium, site, sam, shop):
    with tab(chromium) as page:
        page.context.add_cookies([sam])
        page.goto(site + usage_of(shop))
        page.locator("#ai_tokens-heading ~ .canvas .links a").last.click()
        page.get_by_role("heading", name=f"AI tokens on {NOW.date()}").wait_for()
