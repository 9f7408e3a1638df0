"""/metrics: what is counted, and who may read it."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def scrape(**headers):
    return Client().get("/metrics", headers=headers)


def test_requests_count_by_route_and_status_without_ids():
    Client().get("/api/oauth/v1/authorize/some-handle-of-alice12")

    text = scrape().content.decode()

    assert 'gatehouse_requests_total{method="GET",route="/api/oauth/v1/authorize/<handle:handle>",status="403"}' in text
    assert "gatehouse_request_seconds_bucket" in text
    assert "some-handle-of-alice" not in text


def test_paths_and_methods_that_strangers_invent_are_one_row():
    Client().generic("BREW", "/invented-by-mallory")

    text = scrape().content.decode()

    assert 'gatehouse_requests_total{method="other",route="none",status="404"}' in text
    assert "mallory" not in text


@pytest.mark.parametrize("address", ["203.0.113.7", "unix:", ""])
def test_nobody_elsewhere_reads_them(address):
    assert Client(REMOTE_ADDR=address).get("/metrics").status_code == 404


def test_a_proxy_on_this_machine_does_not_open_them():
    assert scrape(**{"X-Forwarded-For": "203.0.113.7"}).status_code == 404


def test_with_a_token_the_token_alone_opens_them(settings):
    settings.METRICS_TOKEN = "scraper-of-acme"

    assert scrape().status_code == 404
    assert scrape(Authorization="Bearer scraper").status_code == 404
    assert (
        Client(REMOTE_ADDR="203.0.113.7")
        .get("/metrics", headers={"Authorization": "Bearer scraper-of-acme"})
        .status_code
        == 200
    )
