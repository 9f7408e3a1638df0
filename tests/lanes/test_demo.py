"""/demo walked by a person: every request and answer is shown, no secret whole."""

from urllib.parse import urljoin

import pytest

from tests.lanes.server import running
from tests.lanes.visitor import Page, Visitor

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with running(folder, GATEHOUSE_VAR=str(folder), GATEHOUSE_DATABASE_URL="", GATEHOUSE_REDIS_URL="") as started:
        yield started


def press(visitor, page, action):
    (form,) = [form for form in Page(page.text).forms if form.action == f"/demo/{action}"]
    answer = visitor.send(page, form)
    return visitor.browser.get(urljoin(str(page.url), answer.headers["Location"]))


def test_the_demo_shows_the_whole_way(server):
    alice = Visitor(server.url, server.demo["user"])
    page = alice.walk_to(f"{server.url}/demo/start", "/demo")

    for action in ("profile", "refresh", "profile", "revoke", "profile"):
        page = press(alice, page, action)

    text = page.text
    assert "The state is the one we sent." in text
    assert text.count("alice@example.com&quot;") >= 2
    assert "401" in text.rpartition("Read the profile")[2]
    assert server.demo["clients"]["confidential"]["client_secret"] not in text


def test_a_state_of_somebody_else_is_refused(server):
    mallory = Visitor(server.url, server.demo["other_user"])
    mallory.browser.get(f"{server.url}/demo/start")

    page = mallory.walk_to(f"{server.url}/demo/callback?code=stolen&state=forged", "/demo")

    assert "This state is not ours" in page.text
    assert "Redeem the code" not in page.text
