"""Every page and its states, each visited once in each width: what holds for all of them, and their pictures.

`make screens` runs this with a folder for the pictures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

from tests.browser.conftest import SMALL, tab
from tests.browser.shown import NO_PAGES, NOT_REACHED, PAGES, PARTS, Shown, page_routes
from tests.browser.stage import Stage, build
from tests.browser.test_charts import reopen
from tests.contract.routes import all_routes

MOST_BYTES = 60_000
# Programs' reference is a library's page, and the admin Django's: they have no budget (docs/decisions/0176).
UNWEIGHED = ("/docs", "/admin/")
# Axe would load what style sheets import by itself, from wrong addresses.
ALL_RULES = {"preload": False}
COLOUR_RULES = {"preload": False, "runOnly": ["color-contrast"]}  # all that a colour scheme can change
# To be mended: in Django's own search form with a help text, and in its rows of another table.
LEFT = {"label-title-only", "empty-table-header", "label"}

WATCH = """
window.shifted = 0; window.refused = [];
new PerformanceObserver(list => list.getEntries().forEach(each => window.shifted += each.value))
  .observe({type: 'layout-shift', buffered: true});
document.addEventListener('securitypolicyviolation', each => window.refused.push(each.violatedDirective));
"""


def test_every_page_is_in_the_table():
    missing = page_routes() - {shown.route for shown in PAGES}
    assert not missing, f"no picture of {sorted(missing)}: add rows to PAGES of tests/browser/shown.py"


def test_what_is_said_to_be_no_page_is_a_route():
    routes = all_routes()
    assert set(NO_PAGES) <= set(routes)
    assert all(any(route.startswith(start) for route in routes) for start in NOT_REACHED)
    assert len({shown.name for shown in PAGES}) == len(PAGES)


@pytest.fixture
def stage(site, settings, tmp_path) -> Iterator[Stage]:
    reopen()
    try:
        yield build(site, settings, tmp_path)
    finally:
        reopen()  # what is closed can't be deleted, not even by the test's end


@pytest.mark.browser
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("part", PARTS)
def test_every_page_is_fit_to_be_shown(chromium, stage, part, width):
    found = {}
    met = [*stage.staff_pages, *of_papers(stage)] if part == "staff" else []
    for shown in [*PARTS[part], *met]:
        if seen := visit(chromium, stage, shown, width):
            found[shown.name] = seen
    assert found == {}


def of_papers(stage: Stage) -> list[Shown]:
    return [Shown(name, f"/papers/{name}") for name in stage.papers]


def visit(chromium: Browser, stage: Stage, shown: Shown, width: int) -> list[str]:
    """What is wrong with it. Each visit has a browser's empty cache."""
    # Without motion: a colour in the middle of its change would be measured.
    with tab(chromium, "light", width, 640, reduced_motion="reduce") as page:
        if shown.who:
            page.context.add_cookies([stage.cookie(shown.who)])
        serve_papers(page, stage)
        page.set_default_timeout(15_000)
        page.add_init_script(WATCH)
        said, weights = watched(page, stage.site)
        try:
            open_page(page, stage, shown)
        except (PlaywrightError, AssertionError) as error:
            return [f"can't be reached: {error}"]
        found = list(of_the_load(page, shown, sum(weights)))
        return [*found, *looked_through(page, shown), *said]


def serve_papers(page: Page, stage: Stage) -> None:
    for name, html in stage.papers.items():
        page.route(f"**/papers/{name}", lambda route, html=html: route.fulfill(body=html, content_type="text/html"))


def watched(page: Page, site: str) -> tuple[list[str], list[int]]:
    """What the console says and which other hosts are asked; how many bytes came."""
    said: list[str] = []
    weights: list[int] = []
    page.on("console", lambda message: is_advice(message) or said.append(f"console: {message.text} {message.location}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: request.url.startswith((site, "data:")) or said.append(request.url))
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.on("Network.loadingFinished", lambda event: weights.append(int(event["encodedDataLength"])))
    return said, weights


def is_advice(message: Any) -> bool:
    """Chromium's about forms, and that the page itself has a status of an error."""
    is_of_page = message.location.get("url") == message.page.url
    return message.text.startswith("[DOM]") or (is_of_page and message.text.startswith("Failed to load resource"))


def open_page(page: Page, stage: Stage, shown: Shown) -> None:
    path = shown.path.replace("{code}", stage.user_code()) if "{code}" in shown.path else shown.path
    answer = page.goto(stage.address(replace(shown, path=path)))
    assert answer
    assert answer.status == shown.status, f"answers {answer.status}"
    if shown.path == "/docs":
        page.locator(".opblock").first.wait_for()
    if shown.then:
        shown.then(page)


def of_the_load(page: Page, shown: Shown, weight: int) -> Iterator[str]:
    if shown.then is None and weight > MOST_BYTES and not shown.path.startswith(UNWEIGHED):
        yield f"{weight} bytes"
    if (
        shift := page.evaluate("window.shifted")
    ) >= 0.005:  # less is a hair's breadth, in Django's rows of another table
        yield f"moves by {shift:.3f} while it loads"
    for directive in page.evaluate("window.refused"):
        yield f"the policy refuses {directive}"
    if shown.path != "/docs" and (headings := page.locator("h1").count()) != 1:  # the library has one of its own
        yield f"{headings} h1"
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield "scrolls sideways"


def looked_through(page: Page, shown: Shown) -> Iterator[str]:
    is_reference = shown.path == "/docs"
    picture(page, shown, "light")
    page.evaluate("[...document.querySelectorAll('details')].slice(0, 9).forEach(each => each.open = true)")
    yield from axe(page, is_reference)
    if not is_reference and not shown.path.startswith("/admin/"):
        yield from (f"small: {html}" for html in page.evaluate(SMALL))
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.getAnimations().forEach(each => each.finish())")
    yield from (f"dark: {each}" for each in axe(page, is_reference, COLOUR_RULES))
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
    picture(page, shown, "dark")


def axe(page: Page, is_reference: bool, options: dict[str, Any] = ALL_RULES) -> Iterator[str]:
    for rule in Axe().run(page, options=options).response["violations"]:
        # In the elements of the library that the reference is made with: the one stated exception (pages.md).
        is_left = rule["id"] in LEFT and "/admin/" in page.url
        if not is_left and not (is_reference and rule["id"] == "nested-interactive"):
            yield f"{rule['id']}: {rule['nodes'][0]['html'][:120]}"


def picture(page: Page, shown: Shown, scheme: str) -> None:
    if folder := os.environ.get("GATEHOUSE_PICTURES"):
        assert page.viewport_size
        path = Path(folder) / f"{shown.name}-{page.viewport_size['width']}-{scheme}.png"
        page.screenshot(path=path, full_page=True)
