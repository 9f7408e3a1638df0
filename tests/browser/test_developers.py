"""/docs and /status in Chromium: looked through by axe in each look, searched without JavaScript, and tried."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from config import guides
from partnership.models import Partner
from tests.browser.conftest import LOOKS, faults, tab
from tests.browser.test_admin_clients import look
from tests.partnership.clients import GLOBEX_SECRET, add_secret, partner

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
PAGES = [
    "/status",
    "/docs/calls",
    "/docs/calls/oauth",  # one for all areas: the longest
    "/docs/search",
    "/docs/search?q=webhook",
    *(guide.address for guide in guides.GUIDES[1:]),
]


def watched(page, site):
    """What the console says and what is asked of other hosts."""
    said = []
    # "[DOM]": Chromium's advice about forms, which is no fault.
    page.on("console", lambda message: message.text.startswith("[DOM]") or said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: request.url.startswith((site, "data:")) or said.append(request.url))
    return said


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_and_the_console_is_silent(chromium, site, scheme, width):
    found = {}
    with tab(chromium, scheme, width) as page:
        said = watched(page, site)
        for path in PAGES:
            page.goto(site + path)
            look(page, "developers" + path.replace("/", "-").partition("?")[0])
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            if seen := faults(page):
                found[path] = seen
    assert found == {}
    assert said == []


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_but_one_thing_where_it_is_tried(chromium, site, scheme, width):
    """`nested-interactive` is in Swagger UI's own elements (pages.md)."""
    with tab(chromium, scheme, width) as page:
        said = watched(page, site)
        page.goto(f"{site}/docs")
        page.locator(".opblock").first.wait_for()
        look(page, "developers-docs")
        broken = {rule["id"]: rule["nodes"][0]["html"][:200] for rule in Axe().run(page).response["violations"]}
        scrolls = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert set(broken) <= {"nested-interactive"}, broken
    assert (scrolls, said) == (False, [])


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
