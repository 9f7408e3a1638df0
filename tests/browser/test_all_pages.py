"""Every page and its states, each visited once and looked at in each width: what holds for all, and their pictures.

`make screens` runs this with a folder for the pictures.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
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
WIDTHS = (360, 1280)
# Axe would load what style sheets import by itself, from wrong addresses.
ALL_RULES = {"preload": False, "resultTypes": ["violations"]}
COLOUR_RULES = {**ALL_RULES, "runOnly": ["color-contrast"]}  # all that a colour scheme can change

WATCH = """
window.moved = []; window.refused = [];
const named = moved => moved.node?.outerHTML?.slice(0, 80) ?? 'text';
new PerformanceObserver(list => list.getEntries().forEach(
  each => window.moved.push(`${each.value.toFixed(4)} by ${each.sources.map(named).join(', ')}`)
)).observe({type: 'layout-shift', buffered: true});
document.addEventListener('securitypolicyviolation', each => window.refused.push(each.violatedDirective));
"""
OPEN = """
window.opened = [...document.querySelectorAll('details:not([open])')].slice(0, 9);
opened.forEach(each => each.open = true);
"""
STILL = "document.getAnimations().forEach(each => each.finish())"


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
@pytest.mark.parametrize("part", ["admin 1", "admin 2", "people", "console", "house", "staff", "papers"])
def test_every_page_is_fit_to_be_shown(chromium, stage, part):
    found = {shown.name: seen for shown in rows(stage)[part] if (seen := visit(chromium, stage, shown))}
    assert not found, "\n".join(f"{name}: {each}" for name, seen in found.items() for each in seen)


def rows(stage: Stage) -> dict[str, Iterable[Shown]]:
    papers = [Shown(name, f"/papers/{name}") for name in stage.papers]
    return {**PARTS, "admin 1": stage.staff_pages[::2], "admin 2": stage.staff_pages[1::2], "papers": papers}


def visit(chromium: Browser, stage: Stage, shown: Shown) -> list[str]:
    """What is wrong with it. Nothing comes from a browser's cache."""
    # Without motion: a colour in the middle of its change would be measured.
    with tab(chromium, "light", WIDTHS[0], 640, reduced_motion="reduce") as page:
        if shown.who:
            page.context.add_cookies([stage.cookie(shown.who)])
        page.set_default_timeout(30_000)
        page.add_init_script(WATCH)
        found, weights = watched(page, stage.site)
        try:
            open_page(page, stage, shown)
            found += of_the_weight(shown, sum(weights))
            for width in WIDTHS:
                widen(page, shown, width)
                found += [f"{width} px: {each}" for each in looked_through(page, shown)]
        except (PlaywrightError, AssertionError) as error:
            found.append(f"can't be reached: {error}")
        return found


def watched(page: Page, site: str) -> tuple[list[str], list[int]]:
    """What the console says and which other hosts are asked; how many bytes came."""
    said: list[str] = []
    weights: list[int] = []
    page.on("console", lambda message: is_advice(message) or said.append(f"console: {message.text} {message.location}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: request.url.startswith((site, "data:")) or said.append(request.url))
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    devtools.on("Network.loadingFinished", lambda event: weights.append(int(event["encodedDataLength"])))
    return said, weights


def is_advice(message: Any) -> bool:
    """Chromium's about forms, and that the page itself has a status of an error."""
    is_of_page = message.location.get("url") == message.page.url
    return message.text.startswith("[DOM]") or (is_of_page and message.text.startswith("Failed to load resource"))


def open_page(page: Page, stage: Stage, shown: Shown) -> None:
    if html := stage.papers.get(shown.name):
        page.route(f"**{shown.path}", lambda route: route.fulfill(body=html, content_type="text/html"))
    path = shown.path.replace("{code}", stage.user_code()) if "{code}" in shown.path else shown.path
    answer = page.goto(stage.address(replace(shown, path=path)))
    assert answer
    assert answer.status == shown.status, f"answers {answer.status}"
    if shown.then:
        shown.then(page)


def widen(page: Page, shown: Shown, width: int) -> None:
    """Loads it again with more room, but for what came by a form's answer: that is only given the room."""
    if width != WIDTHS[0]:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": width, "height": 640})
        if shown.then is None:
            page.reload()
        else:
            page.evaluate(STILL)
    if shown.path == "/docs":
        page.locator(".opblock").first.wait_for()


def of_the_weight(shown: Shown, weight: int) -> Iterator[str]:
    if shown.then is None and weight > MOST_BYTES and not shown.path.startswith(UNWEIGHED):
        yield f"{weight} bytes"


def looked_through(page: Page, shown: Shown) -> Iterator[str]:
    yield from of_the_load(page, shown)
    picture(page, shown, "light")
    page.evaluate(OPEN)
    is_reference = shown.path == "/docs"
    yield from axe(page, is_reference)
    if not is_reference and not shown.path.startswith("/admin/"):
        yield from (f"small: {html}" for html in page.evaluate(SMALL))
    page.emulate_media(color_scheme="dark")
    page.evaluate(STILL)
    yield from (f"dark: {each}" for each in axe(page, is_reference, COLOUR_RULES))
    page.evaluate("opened.forEach(each => each.open = false)")  # those alone: the admin remembers its own
    picture(page, shown, "dark")


def of_the_load(page: Page, shown: Shown) -> Iterator[str]:
    if shown.then is None or page.viewport_size["width"] == WIDTHS[0]:
        yield from (f"moves while it loads: {each}" for each in page.evaluate("window.moved"))
    for directive in page.evaluate("window.refused"):
        yield f"the policy refuses {directive}"
    if shown.path != "/docs" and (headings := page.locator("h1").count()) != 1:  # the library has one of its own
        yield f"{headings} h1"
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield "scrolls sideways"


def axe(page: Page, is_reference: bool, options: dict[str, Any] = ALL_RULES) -> Iterator[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    for rule in page.evaluate(f"axe.run({json.dumps(options)}).then(found => found.violations)"):
        # In the elements of the library that the reference is made with: the one stated exception (pages.md).
        if not (is_reference and rule["id"] == "nested-interactive"):
            yield f"{rule['id']}: {rule['nodes'][0]['html'][:120]}"


def picture(page: Page, shown: Shown, scheme: str) -> None:
    if folder := os.environ.get("GATEHOUSE_PICTURES"):
        assert page.viewport_size
        path = Path(folder) / f"{shown.name}-{page.viewport_size['width']}-{scheme}.png"
        page.screenshot(path=path, full_page=True)
