"""/docs: its pages, as who builds on Gatehouse reads them, and as a program finds its errors there."""

import re
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client

from config import call_pages, error_page, guides
from config.rate_limits import DEFAULT_RATE_LIMITS, MEANINGS
from tests.contract.routes import all_routes

pytestmark = pytest.mark.django_db
MOST_BYTES = 60_000
LOADED = ("gatehouse.css", "docs.css", "gatehouse.svg")
PAGES = [
    "/docs",
    "/docs/calls",
    "/docs/search",
    "/docs/search?q=webhook",
    *(f"/docs/{guide.name}" for guide in guides.GUIDES),
]


class Document(HTMLParser):
    """What leads away from a page, what can be led to, and its headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.headings: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "a":
            self.links.append(named["href"])
        if "id" in named:
            self.anchors.append(named["id"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


def read(path: str) -> Document:
    answer = Client().get(path)
    assert answer.status_code == 200, path
    return Document(answer.content.decode())


@pytest.fixture(scope="module")
def pages(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        areas = [f"/docs/calls/{area.name}" for area in call_pages.areas()]
        return {path: read(path) for path in [*PAGES, *areas]}


def test_every_link_of_every_page_leads_to_something_that_is_there(pages):
    links = [(path, link) for path, page in pages.items() for link in page.links]
    assert [(path, link) for path, link in links if not leads_somewhere(link, path, pages)] == []


def leads_somewhere(link, path, pages):
    target, _, anchor = link.partition("#")
    if not link.startswith(("/docs", "#")) or target.endswith((".json", ".yaml")):
        return True
    there = pages.get(target or path)
    return there is not None and (not anchor or anchor in there.anchors)


def test_a_page_has_one_title_and_no_two_anchors_of_one_name(pages):
    assert {path: page.headings.count(1) for path, page in pages.items()} == dict.fromkeys(pages, 1)
    assert [path for path, page in pages.items() if len(page.anchors) != len(set(page.anchors))] == []


def test_no_page_weighs_much_with_all_that_it_loads():
    loaded = sum((settings.ROOT / "static" / name).stat().st_size for name in LOADED)
    paths = [*PAGES[1:], *(f"/docs/calls/{area.name}" for area in call_pages.areas())]
    weights = {path: len(Client().get(path).content) + loaded for path in paths}

    assert {path: weight for path, weight in weights.items() if weight > MOST_BYTES} == {}


@pytest.mark.parametrize("path", PAGES[1:])
def test_a_page_has_no_script_and_is_not_let_off_the_policy(path):
    page = Client().get(path)

    assert b"<script" not in page.content
    assert b"style=" not in page.content
    assert "data:" not in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]


def test_documentation_is_in_english_with_the_frame_around_it():
    page = Client(headers={"accept-language": "de"}).get("/docs/webhooks").content.decode()

    assert '<html lang="en">' in page
    assert "Skip to content" in page


def test_a_page_that_is_not_there_is_404():
    assert Client().get("/docs/nothing").status_code == 404
    assert Client().get("/docs/calls/nothing").status_code == 404


def test_a_link_to_a_document_that_is_no_page_is_its_words_alone():
    page = Client().get("/docs/clients").content.decode()

    assert "clients-in-the-admin.md" not in page
    assert "staff in the admin (how)" in page


def test_every_code_has_its_place_and_what_to_do(pages):
    anchors = pages["/docs/errors"].anchors

    codes = {code for rows in error_page.areas().values() for _status, code, _cause, _mend in rows}
    assert {*codes, *error_page.events_refused()} <= set(anchors)
    assert {"project.limit.reached", "project_limit_reached", "invalid_grant", "conflicting_duplicate"} <= set(anchors)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/partnership/v1/ps_x/projects", "invalid_credentials"),
        ("/auth/v1/profile", "invalid_token"),
        ("/api/oauth/v1/token", "invalid_request"),
    ],
)
def test_each_dialect_s_refusal_names_its_place_there(path, code, pages):
    answer = Client().get(path)

    assert code in answer.json().values()
    assert answer.headers["Link"] == f'</docs/errors#{code}>; rel="help"'
    assert code in pages["/docs/errors"].anchors


def test_a_page_s_error_is_explained_on_it_and_names_no_other():
    assert "Link" not in Client().get("/nothing").headers


def test_limits_are_those_of_this_server(settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "token": (7, 60)}
    guides.read.cache_clear()
    try:
        assert "7 a minute" in Client().get("/docs/limits").content.decode()
    finally:
        guides.read.cache_clear()


def test_every_limit_of_the_table_is_explained():
    assert set(MEANINGS) == set(DEFAULT_RATE_LIMITS)


def test_every_call_is_on_a_page_with_three_examples(pages):
    described = {call.name: call.samples for area in call_pages.areas() for call in area.calls}
    anchors = {anchor for path, page in pages.items() if path.startswith("/docs/calls/") for anchor in page.anchors}

    assert len(described) > 60
    assert set(described) <= anchors
    assert {tuple(each["label"] for each in samples) for samples in described.values()} == {
        ("curl", "Python", "JavaScript")
    }
    assert "docs/calls" in all_routes()
