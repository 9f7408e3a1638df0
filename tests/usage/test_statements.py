"""Closed months (usage.md, "Metering in", Closing): frozen figures, adjustments, a digest over it all."""

import csv
import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from partnership.models import Delivery, Event, Project
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret
from tests.usage.clients import MeterClient
from usage import statements
from usage.chosen_store import store
from usage.models import Statement, StatementLine

BEGUN = datetime(2025, 12, 20, tzinfo=UTC)


@pytest.fixture
def partner(globex, shop, one_clock):
    add_secret(globex, GLOBEX_SECRET)
    Project.objects.update(created_at=BEGUN)
    one_clock.move_to(datetime(2026, 1, 31, 12, tzinfo=UTC), tick=False)
    return PartnerClient(globex, GLOBEX_SECRET)


@pytest.fixture
def at(one_clock):
    def move(*moment: int) -> datetime:
        now = datetime(*moment, tzinfo=UTC)
        one_clock.move_to(now, tick=False)
        return now

    return move


def read(partner, path, **query):
    response = partner.wire.get(f"{partner.base}/{path}", query, headers={"X-Partnership-Secret": partner.secret})
    assert response.status_code == 200, response.content
    return json.loads(response.content, parse_float=Decimal)


def send(gauge, id_, day, **data):
    assert gauge.verdicts(gauge.event(id_, data, time=f"{day}T12:00:00Z")) == ["ok"]


@pytest.mark.contract("usage.md", "Closing", "closing")
def test_a_month_closes_five_days_after_it_ends(partner, gauge, at):
    send(gauge, "1", "2026-01-10", ai_tokens=5, ai_credits="0.25")

    assert statements.close_due(at(2026, 2, 5, 23, 59)) == 1  # December, in which the shop was made
    assert statements.close_due(at(2026, 2, 6)) == 1
    assert statements.close_due(at(2026, 2, 6)) == 0

    assert list(Statement.objects.values_list("month", flat=True)) == [date(2026, 1, 1), date(2025, 12, 1)]


def test_what_is_missing_is_found_by_as_many_queries_for_many_months_as_for_one(partner, at, django_assert_num_queries):
    store.close_before(date(2026, 1, 1), at(2026, 8, 6))
    with CaptureQueriesContext(connection) as of_one:
        assert len(list(statements.missing())) == 1
    store.close_before(date(2026, 8, 1), at(2026, 8, 6))
    with django_assert_num_queries(len(of_one)):
        assert len(list(statements.missing())) == 8


@pytest.mark.contract("usage.md", "Closing", "statements")
def test_the_statement_has_the_figures_by_project_and_a_digest_that_anybody_can_check(partner, shop, gauge, at):
    send(gauge, "1", "2026-01-10", ai_tokens=5, ai_credits="0.25", database_size_bytes=7)
    statements.close_due(at(2026, 2, 6))

    listed = read(partner, "statements")["statements"]
    body = read(partner, "statements/2026-01")

    assert [each["month"] for each in listed] == ["2026-01", "2025-12"]
    assert listed[0]["digest"] == body["digest"]
    assert body["summary"]["ai_credits"] == Decimal("0.25")
    assert body["projects"] == [{"id": str(shop.pk), "name": "Shop", **body["summary"]}]
    digest = body.pop("digest")
    # As docs/usage.md tells a partner to: sorted keys, no spaces, numbers as they came.
    text = json.dumps(exact(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def exact(body):
    """0.25 is the same float wherever it is written; larger credits want a decimal-aware writer."""
    return json.loads(json.dumps(body, default=float))


@pytest.mark.contract("usage.md", "Closing", "adjustments")
@pytest.mark.contract("usage.md", "Closing", "never mixed in")
def test_late_sums_and_voids_are_adjustments_of_the_open_month(partner, shop, meter, gauge, at):
    send(gauge, "1", "2026-01-10", ai_tokens=5)
    send(gauge, "2", "2026-01-11", ai_tokens=8)
    statements.close_due(at(2026, 2, 6))
    frozen = read(partner, "statements/2026-01")
    month = {"start_date": "2026-01-01", "end_date": "2026-01-31"}
    before = read(partner, "usage", **month)

    at(2026, 2, 7, 12)
    gauge = MeterClient(meter, str(shop.pk))  # its token ended an hour after January's
    send(gauge, "late", "2026-01-20", ai_tokens=100)
    assert gauge.verdicts(gauge.void("v", "2")) == ["ok"]
    assert gauge.verdicts(gauge.event("peak", {"database_size_bytes": 1}, time="2026-01-20T12:00:00Z")) == [
        "closed_period"
    ]

    assert read(partner, "usage", **month) == before
    assert read(partner, "statements/2026-01") == frozen
    open_month = read(partner, f"{shop.pk}/usage", start_date="2026-02-01", end_date="2026-02-28")
    told = {row["usage_date"]: row["ai_tokens"] for row in open_month["adjustments"]}
    assert told == {"2026-01-20": 100, "2026-01-11": -8}
    assert open_month["summary"]["total_ai_tokens"] == 0
    statements.close_due(at(2026, 3, 6))
    february = read(partner, "statements/2026-02")
    assert {row["usage_date"]: row["ai_tokens"] for row in february["adjustments"]} == told
    assert {row["project_id"] for row in february["adjustments"]} == {str(shop.pk)}


def test_what_a_project_used_before_it_was_made_stands_in_its_statement(partner, shop, gauge, at):
    """Its senders' clocks are behind, or the partner was moved in."""
    Project.objects.update(created_at=at(2026, 2, 3, 9))
    gauge = MeterClient(gauge.oauth, str(shop.pk))
    send(gauge, "1", "2026-01-31", ai_tokens=5)

    assert statements.close_due(at(2026, 2, 6)) == 1
    assert statements.close_due(at(2026, 3, 6)) == 1
    body = read(partner, "statements/2026-01")
    assert body["summary"]["ai_tokens"] == 5
    assert [(line["id"], line["ai_tokens"]) for line in body["projects"]] == [(str(shop.pk), 5)]
    assert [each["month"] for each in read(partner, "statements")["statements"]] == ["2026-02", "2026-01"]


def test_the_closing_is_told_to_webhooks_and_the_audit_log(partner, at):
    statements.close_due(at(2026, 2, 6))

    told = Event.objects.filter(type="statement.closed").order_by("pk")
    assert [event.data["statement"]["month"] for event in told] == ["2025-12", "2026-01"]
    assert Delivery.objects.count() == 0  # globex has no endpoint


def csv_of(partner, path):
    headers = {"X-Partnership-Secret": partner.secret, "Accept": "text/csv"}
    response = partner.wire.get(f"{partner.base}/{path}", headers=headers)
    return response, list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))


@pytest.mark.contract("usage.md", "Closing", "statements")
def test_csv_has_the_projects_the_adjustments_and_the_digest(partner, shop, meter, gauge, at):
    send(gauge, "1", "2026-01-10", ai_tokens=5)
    statements.close_due(at(2026, 2, 6))
    send(MeterClient(meter, str(shop.pk)), "late", "2026-01-20", ai_tokens=100, ai_credits="0.25")
    statements.close_due(at(2026, 3, 6))

    response, rows = csv_of(partner, "statements/2026-02")
    _, [before] = csv_of(partner, "statements/2026-01")

    assert list(before)[:5] == ["id", "name", "database_bytes", "storage_bytes", "ai_tokens"]
    assert (before["name"], before["ai_tokens"], before["posted_on"]) == ("Shop", "5", "")
    assert [(row["id"], row["ai_tokens"], row["ai_credits"], row["usage_date"], row["posted_on"]) for row in rows] == [
        (str(shop.pk), "0", "0", "", ""),
        (str(shop.pk), "100", "0.25", "2026-01-20", "2026-02-06"),
    ]
    assert response["Statement-Digest"] == read(partner, "statements/2026-02")["digest"]


@pytest.mark.contract("usage.md", "Closing", "statements")
def test_the_list_as_csv_has_every_closed_month(partner, gauge, at):
    send(gauge, "1", "2026-01-10", ai_tokens=5)
    statements.close_due(at(2026, 2, 6))

    _, rows = csv_of(partner, "statements")

    listed = read(partner, "statements", format="json")["statements"]
    assert [(row["month"], row["digest"]) for row in rows] == [(each["month"], each["digest"]) for each in listed]
    assert [row["ai_tokens"] for row in rows] == ["5", "0"]


@pytest.mark.parametrize("month", ["2026-02", "2026-13", "0000-01", "january", "2026-1"])
def test_what_is_not_closed_is_not_found(partner, at, month):
    statements.close_due(at(2026, 2, 6))
    refused = partner.get(f"statements/{month}")
    assert (refused.status, refused["code"]) == (404, "statement_not_found")


def test_another_partners_and_the_other_environments_statements_are_not_found(partner, initech, at):
    statements.close_due(at(2026, 2, 6))
    test, other = "gps_" + "t" * 43, "gps_" + "i" * 43
    add_secret(partner.partner, test, environment="test")
    add_secret(initech, other)
    for client in (PartnerClient(partner.partner, test), PartnerClient(initech, other)):
        assert client.get("statements")["statements"] == []
        assert client.get("statements/2026-01").status == 404


@pytest.mark.parametrize("model", [Statement, StatementLine])
def test_attack_160_the_database_refuses_to_change_a_statement(partner, at, model):
    statements.close_due(at(2026, 2, 6))
    row = model.objects.first()

    with pytest.raises(DatabaseError), transaction.atomic():
        model.objects.update(amounts={})
    with pytest.raises(TypeError):
        row.delete()
    if connection.vendor == "postgresql":
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.filter(pk=row.pk).delete()


def test_a_crash_between_closing_and_writing_is_made_good(partner, at):
    now = at(2026, 2, 6)
    statements.store.close_before(date(2026, 2, 1), now)  # and then the worker died
    assert not Statement.objects.exists()

    assert statements.close_due(now) == 2
    assert all(map(statements.is_intact, Statement.objects.all()))
