"""The partner console in Chromium, by keyboard alone and without JavaScript."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from accounts.people import create_person
from partnership import operations, request_log, waiting, webhooks
from partnership.events import SYSTEM
from partnership.models import Delivery, LoggedCall, Operation, PartnerMember, PartnerSecret
from tests.accounts.steps import mailed_link
from tests.browser.conftest import tab
from tests.cast import PASSWORD
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret, partner
from usage import statements

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def globex(transactional_db, settings, tmp_path, monkeypatch):
    """A partner with something of everything; the worker works while it waits."""
    settings.EMBEDDED_PROJECTS = tmp_path / "projects"
    monkeypatch.setattr(waiting, "sleep", lambda _seconds: operations.run_due(timezone.now()))
    owner, now = partner("ps_globex000001", "Globex", is_white_label=True), timezone.now()
    add_secret(owner, GLOBEX_SECRET, expires_at=now + timedelta(days=3))
    add_secret(owner, "gps_" + "h" * 43, name="office", networks="192.0.2.0/24", last_used_at=now)
    client = PartnerClient(owner, GLOBEX_SECRET)
    wanted = {"url": "https://hooks.globex.example/a/rather/long/address/that/goes/on", "description": "Billing"}
    hook, _secret = webhooks.register(owner, "live", wanted, actor=SYSTEM, now=now)
    shop = client.sync("Shop", external_id="customer-4711")["project"]["id"]
    client.sync("A bakery with a rather long name in the old town")
    client.post(f"{shop}/pause")
    client.post(f"{shop}/restore")
    client.get("nothing/of/the/kind")
    client.post(f"{shop}/upgrade", {"instance_type": "gigantic"})
    met = {"at": now.isoformat(), "outcome": "unexpected_status", "response_status": 500, "duration_ms": 12}
    Delivery.objects.filter(pk=Delivery.objects.earliest("pk").pk).update(
        status="failed", outcome="unexpected_status", response_status=500, attempts=1, history=[met], finished_at=now
    )
    webhooks.Webhook.objects.filter(pk=hook.pk).update(failing_since=now)
    Operation.objects.filter(type="pause").update(
        status="failed", error_code="disk_full", error_message="The disk is full.", is_retryable=True
    )
    statements.write(owner, "live", date(now.year, now.month, 1), now)
    request_log.write()
    return client


@pytest.fixture
def olga(globex):
    return member(globex, "olga@example.com", "Olga Owner", "owner")


def member(globex, email, name, role):
    person = create_person(email, name, PASSWORD, is_email_verified=True)
    PartnerMember.objects.create(partner=globex.partner, user=person, role=role, created_at=timezone.now())
    return person


def sign_in(page: Page, site: str, email: str = "olga@example.com") -> None:
    page.goto(f"{site}/accounts/login/?next=/partners")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/partners/**")


def test_an_owner_rotates_a_secret_by_keyboard_alone_and_without_javascript(chromium, site, globex, olga):
    with tab(chromium, java_script_enabled=False) as page:
        sign_in(page, site)
        page.goto(f"{site}/partners/{globex.partner.pk}/live/secrets")
        press(page, "summary", "Rotate office")
        for _tab in range(2):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:has-text('New secret')")
        secret = re.search(r"gps_[\w-]{43}", page.inner_text("main"))[0]
        assert "Nobody can show it again" in page.inner_text("main")
    assert PartnerSecret.objects.filter(last_four=secret[-4:], name="office").exists()


def press(page: Page, tag: str, name: str) -> None:
    """Goes by Tab to what is named so, and presses it."""
    for _step in range(80):
        page.keyboard.press("Tab")
        there = page.locator(":focus")
        if (
            there.count()
            and there.evaluate("each => each.tagName.toLowerCase()") == tag
            and name in (there.text_content() or "")
        ):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no {tag} {name} to be reached by Tab")


def test_a_developer_finds_a_failed_call_and_tries_an_operation_again(chromium, site, globex, olga):
    member(globex, "dan@example.com", "Dan Developer", "developer")
    call = LoggedCall.objects.get(error_code="validation_error")
    with tab(chromium, java_script_enabled=False) as page:
        sign_in(page, site, "dan@example.com")
        press(page, "a", "Request log")
        page.wait_for_url("**/calls")
        page.get_by_label("Request id").fill(call.request_id)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"code:has-text('{call.request_id}')")
        assert "validation_error" in page.inner_text("table")
        press(page, "a", "Operations")
        page.wait_for_url("**/operations")
        press(page, "a", "Shop: pause")
        page.wait_for_selector("h1:has-text('Shop: pause')")
        assert "The disk is full." in page.inner_text("main")


def test_a_person_invited_by_mail_comes_in_and_switches_to_the_test_environment(chromium, site, globex, olga):
    create_person("vera@example.com", "Vera Viewer", PASSWORD, is_email_verified=True)
    with tab(chromium, java_script_enabled=False) as page:
        sign_in(page, site)
        page.goto(f"{site}/partners/{globex.partner.pk}/live/members")
        page.get_by_label("E-mail address").fill("vera@example.com")
        page.get_by_label("Role", exact=True).select_option("viewer")
        page.get_by_role("button", name="Send invitation").click()
        page.wait_for_selector("text=An invitation was sent")
    link = mailed_link("/partners/invitations/")
    with tab(chromium, java_script_enabled=False) as page:
        page.goto(link)
        page.get_by_label("E-mail address").fill("vera@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_selector("h1:has-text('Join the console of Globex?')")
        press(page, "button", "Join")
        page.wait_for_selector("h1:has-text('Overview')")
        press(page, "a", "Test")
        page.wait_for_selector("text=Test environment")
        assert page.locator("a", has_text="Secrets").count() == 0
