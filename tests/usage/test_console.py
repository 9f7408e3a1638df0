"""The partner console's usage and statements: the API's figures, for people of the partner."""

import csv
import json
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from partnership.models import Connection, Project
from tests import cast
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret
from tests.partnership.console.rows import Desk
from tests.usage.clients import ago, today
from usage import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def vera(globex):
    person = cast.person("vera@example.com", "Vera")
    globex.members.create(user=person, role="viewer", created_at=timezone.now())
    return Desk(cast.signed_in(person), person, globex)


@pytest.fixture
def api(globex):
    add_secret(globex, GLOBEX_SECRET)
    return PartnerClient(globex, GLOBEX_SECRET)


def rows(response):
    return list(csv.DictReader(b"".join(response.streaming_content).decode().splitlines()))


def test_the_charts_say_what_the_api_says(vera, api, gauge, shop):
    assert gauge.verdicts(gauge.event("1", {"ai_tokens": 1234})) == ["ok"]

    page = vera.read("/usage")
    assert "Total: 1,234 tokens." in page
    told = json.loads(api.wire.get(f"{api.base}/usage", headers={"X-Partnership-Secret": api.secret}).content)
    assert told["summary"]["ai_tokens"] == 1234
    file = rows(vera.get("/usage", format="csv", column="ai_tokens"))
    assert file[-1] == {"usage_date": today().isoformat(), "ai_tokens": "1234", "estimated": ""}
    assert f"/projects/{shop.pk}/usage" in page


def test_a_day_leads_to_its_projects_and_they_to_theirs(vera, gauge, shop):
    gauge.verdicts(gauge.event("1", {"ai_tokens": 1234}))
    day = today().isoformat()

    assert f"/usage/{day}/ai_tokens" in vera.read("/usage")
    page = vera.read(f"/usage/{day}/ai_tokens")
    assert "1,234" in page
    assert f"/projects/{shop.pk}/usage" in page
    assert "Usage of Shop" in vera.read(f"/projects/{shop.pk}/usage")
    assert rows(vera.get(f"/projects/{shop.pk}/usage", format="csv"))[-1]["ai_tokens"] == "1234"


@pytest.mark.parametrize(
    "path",
    [
        "/usage/2026-13-01/ai_tokens",
        "/usage/9999-12-31/ai_tokens",
        "/usage/2026-01-01/nothing",
        "/statements/2026-13",
        "/statements/9999-12",
    ],
)
def test_what_is_no_day_metric_or_month_is_not_there(vera, path):
    assert vera.get(path).status_code == 404


def test_the_environments_are_apart(vera, gauge):
    gauge.verdicts(gauge.event("1", {"ai_tokens": 1234}))
    vera.environment = "test"

    page = vera.read("/usage")
    assert "1,234" not in page
    assert "environment=" not in page


def test_attack_187_the_charts_name_a_project_as_the_partner_did_once_its_person_cut_the_link(vera, gauge, shop, alice):
    gauge.verdicts(gauge.event("1", {"ai_tokens": 1234}, time=ago(seconds=1)))
    Project.objects.update(
        mode="co_branded",
        organization=alice.personal_organization,
        user=alice,
        sync_name="Given name",
        name="Alice's own word",
    )
    now = timezone.now()
    Connection.objects.create(partner=vera.partner, user=alice, created_at=now, linked_at=now, cut_at=now)

    for path in ("/usage", f"/usage/{today()}/ai_tokens", f"/projects/{shop.pk}/usage"):
        page = vera.read(path)
        assert "Given name" in page
        assert "own word" not in page


def test_a_closed_month_is_shown_with_its_files(vera, gauge, shop, one_clock):
    Project.objects.update(created_at=datetime(2025, 12, 20, tzinfo=UTC))
    one_clock.move_to(datetime(2026, 1, 31, 12, tzinfo=UTC), tick=False)
    vera.browser = cast.signed_in(vera.person)
    assert "No month is closed yet." in vera.read("/statements")
    gauge.verdicts(gauge.event("1", {"ai_tokens": 77}, time="2026-01-10T12:00:00Z"))
    one_clock.move_to(datetime(2026, 2, 6, tzinfo=UTC), tick=False)
    statements.close_due(timezone.now())

    assert "2026-01" in vera.read("/statements")
    page = vera.read("/statements/2026-01")
    assert "77" in page
    assert "The figures still have it." in page
    assert rows(vera.get("/statements/2026-01", format="csv"))[0]["ai_tokens"] == "77"
    whole = json.loads(vera.get("/statements/2026-01", format="json").content)
    assert (whole["month"], whole["summary"]["ai_tokens"]) == ("2026-01", 77)
