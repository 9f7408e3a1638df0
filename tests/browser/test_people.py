"""A person's pages in Chromium: by keyboard alone, without JavaScript, very small, and in forced colours."""

import pytest
from playwright.sync_api import Page

from accounts.people import create_person
from tests.accounts.steps import mailed_code, mailed_link
from tests.browser.conftest import tab
from tests.cast import PASSWORD
from tests.post import letters

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

OUTSIDE = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-x-y/",
    "/dev/mail",
    "/api/oauth/v1/logout",
    "/nothing",
]
INSIDE = [
    "/account",
    "/account/security",
    "/account/organizations",
    "/account/apps",
    "/accounts/email/",
    "/accounts/logout/",
    "/api/oauth/v1/logout",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/",
]


@pytest.fixture
def alice(transactional_db):
    return create_person("alice@example.com", "Alice Example", PASSWORD, is_email_verified=True)


def sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("E-mail address").fill("alice@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/account")


@pytest.mark.parametrize("javascript", [True, False])
def test_sign_up_to_account_by_keyboard_alone(chromium, site, javascript):
    with tab(chromium, java_script_enabled=javascript) as page:
        page.goto(f"{site}/accounts/signup/")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # skip to content
        for text in ("Carol", "carol@example.com", PASSWORD):
            page.keyboard.press("Tab")
            page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.wait_for_url("**/confirm-email/")
        page.get_by_label("Code").focus()
        page.keyboard.type(mailed_code())
        page.keyboard.press("Enter")
        page.wait_for_url("**/account")
        assert page.get_by_role("textbox", name="Name", exact=True).input_value() == "Carol"


def test_a_reset_without_javascript(chromium, site, alice):
    with tab(chromium, java_script_enabled=False) as page:
        page.goto(f"{site}/accounts/password/reset/")
        page.get_by_label("E-mail address").fill("alice@example.com")
        page.get_by_role("button", name="Send the link").click()
        page.wait_for_url("**/done/")
        page.goto(mailed_link("/accounts/password/reset/key/"))
        page.get_by_label("New password").fill("staple battery horse")
        page.get_by_role("button", name="Save password").click()
        page.get_by_role("heading", name="Your password was changed").wait_for()
    assert len(letters()) == 2


def test_a_passkey_is_added_and_then_signs_in_alone(chromium, site, alice):
    with tab(chromium) as page:
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
        verified = {"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": options | verified})
        sign_in(page, site)
        page.goto(f"{site}/accounts/2fa/webauthn/add/")
        page.get_by_label("Name").fill("Blue key")
        page.get_by_role("button", name="Add").click()
        page.get_by_role("heading", name="Recovery codes").wait_for()
        page.context.clear_cookies()
        page.goto(f"{site}/accounts/login/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url("**/account")
        page.goto(f"{site}/account/security")
        assert page.get_by_text("Blue key").first.is_visible()


def test_pages_reflow_at_320_px_and_keep_their_outlines_in_forced_colours(chromium, site, alice):
    with tab(chromium, width=320, height=256, forced_colors="active", reduced_motion="reduce") as page:
        sign_in(page, site)
        for path in INSIDE:
            page.goto(site + path)
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
