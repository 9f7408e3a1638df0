"""Chromium against a live server: what only a browser can show."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

# Playwright runs an event loop in this thread; Django takes the test for a coroutine of it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def site(live_server, settings, transactional_db) -> str:
    """The address of a running deployment, whose mails carry that address too."""
    settings.BASE_URL = live_server.url
    return live_server.url


@contextmanager
def tab(chromium: Browser, scheme: str = "light", width: int = 1280, height: int = 800, **options) -> Iterator[Page]:
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": height}, **options)
    yield context.new_page()
    context.close()


def faults(page: Page) -> list[str]:
    """What axe finds, a page that scrolls sideways, a target under 44 px."""
    found = [f"{rule['id']}: {rule['nodes'][0]['html'][:100]}" for rule in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("scrolls sideways")
    return found + [f"small: {html}" for html in page.evaluate(SMALL)]


SMALL = """
[...document.querySelectorAll('a, button, input:not([type=hidden], [type=checkbox]), select, summary')]
  .filter(target => target.className != 'skip' && getComputedStyle(target).display != 'inline')
  .filter(target => target.offsetWidth && target.getBoundingClientRect().height < 43.5)
  .map(target => target.outerHTML.slice(0, 100))
"""
