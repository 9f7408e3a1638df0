"""Signing out from an application, in Chromium: the form's answer reaches the application."""

from urllib.parse import urlencode

import pytest

from accounts.people import create_person
from tests import cast
from tests.browser.conftest import tab
from tests.browser.test_people import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_a_person_signs_out_and_is_back_at_the_application(chromium, site):
    create_person("alice@example.com", "Alice Example", cast.PASSWORD, is_email_verified=True)
    # The same server by another name: another origin, which the policy of the form has to allow.
    after = site.replace("localhost", "127.0.0.1") + "/livez"
    portal = cast.web_application("Portal", post_logout_redirect_uris=after)
    with tab(chromium, width=360, height=640, java_script_enabled=False) as page:
        sign_in(page, site)
        asked = {"client_id": portal.client_id, "post_logout_redirect_uri": after, "state": "1"}
        page.goto(f"{site}/api/oauth/v1/logout?{urlencode(asked)}")
        assert page.get_by_role("heading").inner_text() == "Sign out of Gatehouse?"
        page.get_by_role("button", name="Sign out").click()
        assert page.url == f"{after}?state=1"
        page.goto(f"{site}/account")
        assert "/accounts/login/" in page.url
