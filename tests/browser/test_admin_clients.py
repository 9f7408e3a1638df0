"""The staff's pages for clients in Chromium."""

import pytest

from tests import cast
from tests.browser.conftest import tab

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def cookie(transactional_db, site):
    """The session of Sam, who works here."""
    sam = cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True)
    value = cast.signed_in(sam).cookies["session"].value
    return {"name": "session", "value": value, "url": site}


def test_a_client_is_registered_without_javascript(chromium, site, cookie):
    with tab(chromium, java_script_enabled=False) as page:
        page.context.add_cookies([cookie])
        page.goto(f"{site}/admin/oauth_provider/application/add/?kind=native")
        page.locator("#id_name").fill("Bookshelf")
        page.locator("#id_redirect_uris").fill("http://127.0.0.1/callback")
        page.get_by_role("button", name="Register").click()
        page.get_by_text("Bookshelf is registered").wait_for()
        assert page.get_by_role("button", name="Copy").count() == 0
