"""The consent page in Chromium: small windows, and where its answer leads."""

import pytest
from playwright.sync_api import Page

from accounts.people import create_person
from oauth_provider.models import Application
from tests.browser.conftest import tab
from tests.cast import PASSWORD, native_application
from tests.clients import AUTHORIZE, OAuthClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

FOUR = "user:read organizations:read projects:read projects:write"


@pytest.fixture(autouse=True)
def alice(transactional_db):
    return create_person("alice@example.com", "Alice Example", PASSWORD, is_email_verified=True)


def open_consent(page: Page, site: str, application: Application, redirect_uri: str = "", **query: str) -> None:
    """Opens authorize as a stranger, signs in and stands before the consent page."""
    client = OAuthClient(application, redirect_uri=redirect_uri)
    page.goto(f"{site}{AUTHORIZE}?{client.authorize_query(**query)}")
    if page.get_by_label("Password").count():
        page.get_by_label("E-mail address").fill("alice@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Allow", exact=True).wait_for()


@pytest.mark.parametrize(("width", "height"), [(360, 640), (500, 600)])
def test_both_buttons_are_in_view_in_a_small_window(chromium, site, width, height):
    with tab(chromium, width=width, height=height) as page:
        open_consent(page, site, native_application("Acme CLI"), scope=FOUR)
        for name in ("Cancel", "Allow"):
            box = page.get_by_role("button", name=name, exact=True).bounding_box()
            assert box["y"] + box["height"] <= height
        sizes = [
            page.get_by_role("button", name=name, exact=True).bounding_box()["width"] for name in ("Cancel", "Allow")
        ]
        assert abs(sizes[0] - sizes[1]) < 1


@pytest.mark.parametrize("javascript", [True, False])
def test_the_answer_reaches_a_program_on_this_computer(chromium, site, javascript):
    callback = site.replace("localhost", "127.0.0.1") + "/callback"
    with tab(chromium, java_script_enabled=javascript) as page:
        open_consent(page, site, native_application("Acme CLI"), callback)
        page.get_by_role("button", name="Allow", exact=True).click()
        page.wait_for_url(f"{callback}?code=*")


def test_cancel_by_keyboard_reaches_the_client_too(chromium, site):
    callback = site.replace("localhost", "127.0.0.1") + "/callback"
    with tab(chromium) as page:
        open_consent(page, site, native_application("Acme CLI"), callback)
        page.get_by_role("button", name="Use another account").focus()
        while page.evaluate("document.activeElement.value") != "cancel":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{callback}?error=access_denied*")


def test_another_account_keeps_the_request(chromium, site):
    create_person("bob@example.com", "Bob Example", PASSWORD, is_email_verified=True)
    with tab(chromium) as page:
        open_consent(page, site, native_application("Acme CLI"))
        page.get_by_role("button", name="Use another account").click()
        page.get_by_text("to continue to Acme CLI").wait_for()
        page.get_by_label("E-mail address").fill("bob@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_text("bob@example.com").wait_for()


def test_a_private_scheme_is_not_blocked_by_the_policy_of_the_page(chromium, site):
    code = native_application("Acme Code", redirect_uris="vscode://acme.code/callback")
    with tab(chromium) as page:
        said = []
        page.on("console", lambda message: said.append(message.text))
        open_consent(page, site, code)
        page.get_by_role("button", name="Allow", exact=True).click()
        page.wait_for_timeout(500)
    assert not [line for line in said if "form-action" in line or "Content Security Policy" in line]


def test_the_window_that_opened_the_popup_keeps_it(chromium, site):
    # The client's own pages set no opener policy; of ours, the sign-in page does as they do.
    client_page = site.replace("localhost", "127.0.0.1") + "/accounts/login/"
    application = native_application("Acme CLI", redirect_uris="http://127.0.0.1/accounts/login/")
    query = OAuthClient(application, redirect_uri=client_page).authorize_query()
    with tab(chromium) as page:
        page.goto(client_page)
        with page.expect_popup() as opened:
            page.evaluate("url => { window.popup = window.open(url) }", f"{site}{AUTHORIZE}?{query}")
        popup = opened.value
        popup.get_by_label("E-mail address").fill("alice@example.com")
        popup.get_by_label("Password").fill(PASSWORD)
        popup.get_by_role("button", name="Sign in", exact=True).click()
        popup.get_by_role("button", name="Allow", exact=True).click()
        popup.wait_for_url(f"{client_page}?code=*")
        assert not page.evaluate("window.popup.closed")
        assert popup.evaluate("window.opener !== null")
        popup.close()
        page.wait_for_function("window.popup.closed")
