"""A page in the browser with oidc-client-ts, unmodified, from another origin: the one of docs/clients.md."""

import functools
import re
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from accounts.people import create_person
from oauth_provider.models import Application
from tests import cast
from tests.browser.conftest import tab
from tests.lanes.scripts import NODE
from tests.lanes.server import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
LIBRARY = NODE / "node_modules" / "oidc-client-ts" / "dist" / "browser" / "oidc-client-ts.min.js"
CLIENT_ID = "clf_AAAAAAAAAAAAAAAAAAPage"
REFRESH = "manager.signinSilent().then(user => user.access_token)"
REVOKE = "manager.revokeTokens()"
STATUS = (
    "token => fetch(GATEHOUSE + '/auth/v1/profile', {headers: {Authorization: 'Bearer ' + token}}).then(a => a.status)"
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def page_address(site, tmp_path):
    """The page, served by a server of its own."""
    guide = (ROOT / "docs" / "clients.md").read_text()
    for name in ("page.html", "page.js"):
        (program,) = re.findall(rf"^```\w+ {name}\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
        (tmp_path / name).write_text(program.replace("https://id.example", site))
    shutil.copy(LIBRARY, tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/page.html"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("is_allowed", [True, False])
def test_a_page_signs_in_refreshes_and_signs_off(chromium, page_address, is_allowed):
    create_person("alice@example.com", "Alice Example", cast.PASSWORD, is_email_verified=True)
    origin = page_address.rpartition("/")[0]
    Application.objects.create(
        client_id=CLIENT_ID,
        name="A page",
        kind="web",
        client_type="public",
        redirect_uris=page_address,
        allowed_scopes="openid user:read",
        allowed_origins=origin if is_allowed else "https://elsewhere.example",
        rotates_refresh_tokens=True,
    )
    with tab(chromium) as page:
        page.goto(page_address)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_label("E-mail").fill("alice@example.com")
        page.get_by_label("Password", exact=True).fill(cast.PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("button", name="Allow", exact=True).click()
        shown = page.locator("pre:not(:empty)")

        if not is_allowed:
            assert shown.inner_text() == "TypeError: Failed to fetch"
            return
        assert '"alice@example.com"' in shown.inner_text()
        assert page.url == page_address
        renewed = page.evaluate(REFRESH)
        assert page.evaluate(STATUS, renewed) == 200
        page.evaluate(REVOKE)
        assert page.evaluate(STATUS, renewed) == 401
