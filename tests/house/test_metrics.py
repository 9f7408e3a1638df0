"""/metrics: what is counted, and who may read it."""

from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.mail import Letter, post
from accounts.models import OutgoingMail
from config import heartbeat
from oauth_provider import keys

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


def test_work_that_waits_is_counted_and_timed():
    now = timezone.now()
    post("alice@example.com", Letter("Hello", "A text.", "Ignore it."), None, now - timedelta(seconds=90))

    text = scrape().content.decode()

    assert 'gatehouse_queue_depth{queue="mails"} 1.0' in text
    assert 90 <= value(text, 'gatehouse_queue_overdue_seconds{queue="mails"}') < 120
    assert 90 <= value(text, "gatehouse_mail_oldest_seconds") < 120
    assert value(text, 'gatehouse_queue_overdue_seconds{queue="operations"}') == 0


def test_a_mail_that_is_tried_again_later_is_as_old_as_it_is():
    now = timezone.now()
    post("alice@example.com", Letter("Hello", "A text.", "Ignore it."), None, now - timedelta(seconds=90))
    OutgoingMail.objects.update(due_at=now + timedelta(seconds=300))

    text = scrape().content.decode()

    assert value(text, 'gatehouse_queue_overdue_seconds{queue="mails"}') == 0
    assert value(text, "gatehouse_mail_oldest_seconds") >= 90


def test_the_age_of_keys_and_the_worker_are_told():
    now = timezone.now()
    keys.rotate(now - timedelta(days=3))
    heartbeat.beat(now)

    text = scrape().content.decode()

    assert 3 * 86_400 <= value(text, 'gatehouse_signing_key_age_seconds{key_set="token"}') < 3 * 86_400 + 60
    assert abs(value(text, "gatehouse_worker_heartbeat_timestamp_seconds") - now.timestamp()) < 1


def test_a_limit_that_is_hit_is_counted_by_its_name(alice):
    for _ in range(settings.RATE_LIMITS["signin_account"][0] + 1):
        Client().post("/accounts/login/", {"login": alice.email, "password": "a guess"})

    assert value(scrape().content.decode(), 'gatehouse_limits_hit_total{limit="signin_account"}') >= 1


def test_they_are_there_while_the_cache_is_away(monkeypatch):
    def fail():
        raise redis.ConnectionError("redis://:hunter2@cache")

    monkeypatch.setattr(heartbeat, "last_beat", fail)

    answer = scrape()

    assert answer.status_code == 200
    assert b"gatehouse_requests_total" in answer.content
    assert b"hunter2" not in answer.content


def test_prometheus_may_ask_by_any_name_and_strangers_learn_nothing_by_it(settings):
    settings.METRICS_TOKEN = "scraper-of-acme"
    by_address = {"Host": "10.1.2.3:8000"}

    assert scrape(Authorization="Bearer scraper-of-acme", **by_address).status_code == 200
    assert scrape(**by_address).status_code == Client().get("/no-such-page", headers=by_address).status_code == 400


def value(text, name):
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(line.rpartition(" ")[2])
