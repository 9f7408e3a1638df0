"""The request log and the audit log in the console."""

import csv
from io import StringIO

import pytest

from partnership import request_log
from partnership.models import LoggedCall

pytestmark = pytest.mark.django_db


@pytest.fixture
def called(globex, initech, shop):
    LoggedCall.objects.all().delete()
    request_log.waiting.clear()
    globex.get("catalog", **{"X-Request-Id": "a:1"})
    globex.get(f"{shop}/metadata", **{"X-Request-Id": "a:2"})
    globex.get("operations/x", **{"X-Request-Id": "a:3"})
    globex.post("webhooks", {"url": "no"}, **{"X-Request-Id": "a:4"})
    initech.get("catalog", **{"X-Request-Id": "initech:1"})
    request_log.write()


def found(desk, **query):
    page = desk.read("/calls", **query)
    return [id_ for id_ in ("a:1", "a:2", "a:3", "a:4", "initech:1") if f"<code>{id_}</code>" in page]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, ["a:1", "a:2", "a:3", "a:4"]),
        ({"status": "4xx"}, ["a:3", "a:4"]),
        ({"status": "404"}, ["a:3"]),
        ({"status": "5xx"}, []),
        ({"path": "/META"}, ["a:2"]),
        ({"path": "100%"}, []),
        ({"request_id": "a:4"}, ["a:4"]),
        ({"request_id": "initech:1"}, []),
        ({"request_id": "a:4", "status": "2xx"}, []),
    ],
)
def test_calls_are_found_by_status_path_and_request_id(vera, called, query, ids):
    assert found(vera, **query) == ids


@pytest.mark.parametrize("query", [{"status": "abc"}, {"status": "4x"}, {"path": "a\0b"}])
def test_a_filter_that_is_none_is_told_at_its_field(vera, called, query):
    page = vera.read("/calls", **query)
    assert 'aria-invalid="true"' in page
    assert found(vera, **query) == []


def test_the_test_environment_has_its_own(vera, called, globex_test):
    globex_test.get("catalog", **{"X-Request-Id": "a:1"})
    request_log.write()
    vera.environment = "test"
    assert found(vera) == ["a:1"]


def test_the_list_is_a_file_too_as_it_is_narrowed(vera, called, shop):
    response = vera.get("/calls", format="csv", status="4xx", path="webhooks")
    rows = list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))

    assert response["Content-Disposition"] == f'attachment; filename="calls-{vera.partner.pk}-live.csv"'
    assert [(row["request_id"], row["status"], row["error_code"]) for row in rows] == [
        ("a:4", "422", "validation_error")
    ]
    assert rows[0]["answered_at"].endswith("Z")


def test_attack_185_a_path_that_is_a_formula_is_text_in_the_file(vera, globex):
    LoggedCall.objects.create(
        partner=vera.partner, environment="live", method="GET", path="=HYPERLINK(1)", status=404,
        request_id="@x", milliseconds=1, answered_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    text = b"".join(vera.get("/calls", format="csv").streaming_content).decode()

    assert ",'=HYPERLINK(1)," in text
    assert ",'@x," in text


def test_the_audit_log_says_who_did_what_and_names_no_staff(vera, dan, shop, globex):
    dan.post(f"/projects/{shop}/pause")
    globex.partner.events.filter()
    page = vera.read("/events")

    assert "project.paused" in page
    assert "dan@example.com" in page
    assert "Shop" in page
