"""The staff's pages for clients in Chromium: looked through by axe, in each look and state."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from oauth_provider import client_secrets
from tests import cast
from tests.browser.conftest import LOOKS, tab
from tests.clients import OAuthClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

LIST = "/admin/oauth_provider/application/"


def faults(page) -> list[str]:
    """As for other pages, but for the 44 px: the controls of Django's own lists are smaller."""
    found = [f"{rule['id']}: {rule['nodes'][0]['html'][:140]}" for rule in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("scrolls sideways")
    return found


def look(page, name: str) -> None:
    """Keeps a picture where GATEHOUSE_PICTURES says, for somebody to look at."""
    if folder := os.environ.get("GATEHOUSE_PICTURES"):
        scheme = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'")
        path = Path(folder) / f"{name}-{scheme}-{page.viewport_size['width']}.png"
        page.screenshot(path=path, full_page=True)


@pytest.fixture
def cookie(transactional_db, site):
    """The session of Sam, who works here."""
    sam = cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True)
    value = cast.signed_in(sam).cookies["session"].value
    return {"name": "session", "value": value, "url": site}


@pytest.fixture
def acme(transactional_db):
    alice = cast.person("alice@example.com", "Alice Example")
    acme = OAuthClient(cast.web_application(is_verified=True), cast.ACME_SECRET)
    acme.tokens_for(alice, scope="user:read projects:write")
    cast.native_application()
    cast.machine_application()
    seen = [secret.pk for secret in acme.application.secrets.all()]
    week = client_secrets.OVERLAPS["7d"][0]
    client_secrets.rotate(acme.application, overlap=week, seen=seen, now=timezone.now())
    return acme.application


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_on_the_staff_s_pages(chromium, site, cookie, acme, scheme, width):
    own = f"{LIST}{acme.pk}"
    pages = {
        "home": "/admin/",
        "list": LIST,
        "search": f"{LIST}?q=acme&kind__exact=web",
        "add-web": f"{LIST}add/",
        "add-native": f"{LIST}add/?kind=native",
        "add-machine": f"{LIST}add/?kind=machine",
        "change": f"{own}/change/",
        "secrets": f"{own}/secrets/",
        "use": f"{own}/use/",
        "history": f"{own}/history/",
        "disable": f"{own}/disable/",
        "delete": f"{LIST}{acme.pk + 1}/delete/",
        "groups": "/admin/auth/group/add/",
    }
    found = {}
    with tab(chromium, scheme, width) as page:
        page.context.add_cookies([cookie])
        for name, path in pages.items():
            page.goto(site + path)
            look(page, name)
            if seen := faults(page):
                found[name] = seen
    assert found == {}


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_after_a_form(chromium, site, cookie, acme, scheme, width):
    found = {}
    with tab(chromium, scheme, width) as page:
        page.context.add_cookies([cookie])
        for name, step in (("refused", send_a_faulty_form), ("registered", register), ("asks", take_a_scope_away)):
            step(page, site, acme)
            look(page, name)
            if seen := faults(page):
                found[name] = seen
    assert found == {}


def send_a_faulty_form(page, site, acme) -> None:
    page.goto(f"{site}{LIST}add/")
    page.locator("#id_name").fill("Аcme")
    page.locator("#id_redirect_uris").fill("https://bookshelf.example/cb\nhttp://bookshelf.example/cb")
    page.get_by_role("button", name="Register").click()
    page.get_by_text("Line 2: http only for").wait_for()


def register(page, site, acme) -> None:
    page.goto(f"{site}{LIST}add/")
    page.locator("#id_name").fill("Bookshelf")
    page.locator("#id_redirect_uris").fill("https://bookshelf.example/cb")
    page.get_by_role("button", name="Register").click()
    page.get_by_text("Nobody can show it again").wait_for()


def take_a_scope_away(page, site, acme) -> None:
    page.goto(f"{site}{LIST}{acme.pk}/change/")
    page.locator("#id_allowed_scopes").get_by_label("projects:write").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("What this change takes away").wait_for()


def test_a_client_is_registered_without_javascript(chromium, site, cookie, acme):
    with tab(chromium, java_script_enabled=False) as page:
        page.context.add_cookies([cookie])
        page.goto(f"{site}{LIST}add/?kind=native")
        page.locator("#id_name").fill("Bookshelf")
        page.locator("#id_redirect_uris").fill("http://127.0.0.1/callback")
        page.get_by_role("button", name="Register").click()
        page.get_by_text("Bookshelf is registered").wait_for()
        assert page.get_by_role("button", name="Copy").count() == 0
