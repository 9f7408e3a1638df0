"""/docs in Chromium: searched without JavaScript, and tried."""

import pytest

from partnership.models import Partner
from tests.browser.conftest import tab
from tests.partnership.clients import GLOBEX_SECRET, add_secret, partner

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def watched(page, site):
    """What the console says and what is asked of other hosts."""
    said = []
    # "[DOM]": Chromium's advice about forms, which is no fault.
    page.on("console", lambda message: message.text.startswith("[DOM]") or said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: request.url.startswith((site, "data:")) or said.append(request.url))
    return said


def test_a_search_by_keyboard_without_javascript(chromium, site):
    with tab(chromium, java_script_enabled=False) as page:
        page.goto(f"{site}/docs/webhooks")
        page.get_by_role("searchbox").focus()
        page.keyboard.type("rate_limited")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="rate_limited").first.click()
        page.wait_for_url("**/docs/errors#rate_limited")
        assert page.get_by_role("heading", name="rate_limited").is_visible()


def test_a_call_is_tried_with_a_secret_of_the_test_environment(chromium, site):
    globex = partner("ps_globex000001", "Globex", is_white_label=True)
    add_secret(globex, GLOBEX_SECRET, environment="test")
    with tab(chromium) as page:
        said = watched(page, site)
        page.goto(f"{site}/docs")
        page.get_by_role("button", name="Authorize").first.click()
        dialog = page.locator(".auth-container", has_text="X-Partnership-Secret")
        dialog.locator("input").fill(GLOBEX_SECRET)
        dialog.get_by_role("button", name="Apply").click()
        page.locator(".btn-done").first.click()
        call = page.locator("[id$='catalog_catalog'].opblock")
        call.locator("button").first.click()
        call.get_by_role("button", name="Try it out").click()
        call.get_by_placeholder("partner_id").fill(globex.pk)
        call.get_by_role("button", name="Execute").click()
        status = call.locator(".live-responses-table .response-col_status").last
        status.wait_for()
        assert status.inner_text().startswith("200")
        assert call.locator(".opblock-external-docs a").get_attribute("href").endswith("#catalog_catalog")
    assert Partner.objects.get() == globex
    assert said == []
