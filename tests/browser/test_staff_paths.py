"""Three of staff's tasks by keyboard alone and without JavaScript, each key press that is no letter counted.

A minute is enough for forty of them, one a second, and the typing between (docs/decisions/0178).
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from oauth_provider.models import Application
from partnership import request_log
from tests.browser.conftest import tab
from tests.browser.test_admin_clients import cookie
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret, partner

__all__ = ["cookie"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
MOST_STEPS = 40


class Keys:
    """Hands on a keyboard: what they press is counted, a word typed in is one step."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.steps = 0

    def to(self, name: str, tag: str = "a") -> None:
        """By Tab to the thing of that name."""
        for _press in range(MOST_STEPS):
            self.steps += 1
            self.page.keyboard.press("Tab")
            if self.page.evaluate(FOCUSED) == [tag, name]:
                return
        raise AssertionError(f"no {tag} {name!r} within {MOST_STEPS} presses of Tab on {self.page.url}")

    def back_to_a_line(self) -> None:
        while not self.page.evaluate("document.activeElement.matches('input:is([type=text], [type=url])')"):
            self.press("Shift+Tab")

    def type(self, words: str) -> None:
        self.steps += 1
        self.page.keyboard.type(words)

    def press(self, key: str = "Enter") -> None:
        self.steps += 1
        self.page.keyboard.press(key)

    def follow(self) -> None:
        """Enter, and the page that comes."""
        with self.page.expect_navigation():
            self.press()


FOCUSED = """(() => {
  const here = document.activeElement;
  const name = here.labels?.[0]?.innerText || here.innerText || here.value || '';
  return [here.tagName.toLowerCase(), name.trim().replace(/:$/, '')];
})()"""


@pytest.fixture
def keys(chromium, site, cookie):
    with tab(chromium, java_script_enabled=False) as page:
        page.context.add_cookies([cookie])
        page.goto(f"{site}/admin/")
        yield Keys(page)


def search(keys: Keys, words: str) -> None:
    keys.to("Client, partner, project, person or request id", "input")
    keys.type(words)
    keys.follow()


def test_a_client_is_registered(keys):
    keys.to("Register a client")
    keys.follow()
    keys.to("Name", "input")
    keys.type("Bookshelf")
    keys.to("Redirect URIs", "textarea")
    keys.type("https://bookshelf.example/callback")
    keys.back_to_a_line()  # whose Enter sends the form: the button stands below all scopes
    keys.follow()

    assert "Nobody can show it again" in keys.page.inner_text("main")
    assert Application.objects.get().redirect_uris == "https://bookshelf.example/callback"
    assert keys.steps <= MOST_STEPS


def test_a_secret_is_rotated(keys, acme_app):
    search(keys, acme_app.application.name)
    keys.to("Secrets")
    keys.follow()
    keys.to("Rotate", "input")
    keys.follow()

    secret = re.search(r"gcs_[\w-]{43}", keys.page.inner_text("main"))[0]
    assert acme_app.application.secrets.filter(last_four=secret[-4:]).exists()
    assert keys.steps <= MOST_STEPS


def test_it_is_found_why_a_partner_s_call_failed(keys):
    globex = partner("ps_globex000001", "Globex", is_white_label=True)
    add_secret(globex, GLOBEX_SECRET)
    PartnerClient(globex, GLOBEX_SECRET).post("sync-embedded-project", {}, **{"X-Request-Id": "globex:4711"})
    request_log.write()

    search(keys, "globex:4711")

    shown = keys.page.inner_text("main")
    assert "validation_error" in shown
    assert "sync-embedded-project" in shown
    assert keys.steps <= MOST_STEPS
