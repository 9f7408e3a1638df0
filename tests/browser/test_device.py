"""/device in Chromium: a code typed in, and by keyboard without JavaScript."""

import pytest

from accounts.people import create_person
from tests.browser.conftest import tab
from tests.cast import PASSWORD
from tests.devices import Device

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture(autouse=True)
def alice(transactional_db):
    return create_person("alice@example.com", "Alice Example", PASSWORD, is_email_verified=True)


def sign_in(page):
    page.get_by_text("to continue to your device").wait_for()
    page.get_by_label("E-mail address").fill("alice@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_code_is_entered_as_people_do(chromium, site, acme_tv: Device):
    codes = acme_tv.ask_for_codes()
    with tab(chromium) as page:
        page.goto(f"{site}/device")
        sign_in(page)
        page.get_by_label("Code").fill(codes["user_code"].lower())
        page.get_by_role("button", name="Go on").click()
        page.get_by_text("Does your device show this code?").wait_for()
        assert page.locator(".user-code").evaluate("code => getComputedStyle(code).fontSize") == "26px"
        page.get_by_role("button", name="Allow", exact=True).click()
        page.get_by_text("Allowed. Go back to your device.").wait_for()
    assert acme_tv.poll(codes["device_code"]).status == 200


def test_by_keyboard_and_without_javascript_from_the_address_with_the_code(chromium, site, acme_tv: Device):
    codes = acme_tv.ask_for_codes()
    with tab(chromium, java_script_enabled=False) as page:
        page.goto(codes["verification_uri_complete"])
        sign_in(page)
        page.get_by_role("button", name="Use another account").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # Cancel comes first
        page.get_by_text("Nothing was allowed.").wait_for()
    assert acme_tv.poll(codes["device_code"]).error == "access_denied"
