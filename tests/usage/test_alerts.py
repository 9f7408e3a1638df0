"""Alerts as partners set them: thresholds on a metric of a project, or of all together."""

import json
from decimal import Decimal

import pytest
from django.utils import timezone

from partnership.events import SYSTEM
from partnership.models import Event
from tests import cast
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret
from tests.usage.clients import white_label_project
from usage import alerts
from usage.alerts import Wanted
from usage.models import Alert

NOBODYS = "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11"


@pytest.fixture
def partner(globex):
    add_secret(globex, GLOBEX_SECRET)
    return PartnerClient(globex, GLOBEX_SECRET)


@pytest.fixture
def stranger(initech):
    secret = "gps_" + "i" * 43
    add_secret(initech, secret)
    return PartnerClient(initech, secret)


@pytest.fixture
def sam():
    return cast.person("sam@example.com", "Sam Staff", is_staff=True)


@pytest.fixture
def made(partner):
    return partner.post("alerts", {"metric": "ai_tokens", "threshold": 1000})["alert"]["id"]


def test_an_alert_of_the_total_is_set_and_read_back(partner):
    made = partner.post("alerts", {"metric": "ai_tokens", "threshold": 1000})

    alert = made["alert"]
    assert (made.status, made.headers["Cache-Control"]) == (201, "no-store")
    assert alert.pop("reached") == []
    about = {name: alert[name] for name in ("project_id", "metric", "threshold", "period", "is_enabled", "made_by")}
    assert about == {
        "project_id": None,
        "metric": "ai_tokens",
        "threshold": 1000,
        "period": "month",
        "is_enabled": True,
        "made_by": "partner",
    }
    assert partner.get("alerts").body == {"alerts": [alert], "next_cursor": None}
    assert partner.get(f"alerts/{alert['id']}")["alert"] == {**alert, "reached": []}


def test_an_alert_of_a_project_by_day_in_exact_credits(partner, shop):
    body = '{"metric": "ai_credits", "threshold": 9007199254.740991, "period": "day", "project_id": "SHOP"}'.replace(
        "SHOP", str(shop.pk)
    )
    headers = {"X-Partnership-Secret": partner.secret}
    response = partner.wire.post(f"{partner.base}/alerts", body, content_type="application/json", headers=headers)

    alert = json.loads(response.content, parse_float=Decimal)["alert"]
    assert (alert["project_id"], alert["period"]) == (str(shop.pk), "day")
    assert alert["threshold"] == Decimal("9007199254.740991")
    assert Alert.objects.get().threshold == 2**53 - 1


def test_what_is_changed_and_deleted_stands_in_the_audit_log(partner, made):
    changed = partner.ask("PATCH", f"alerts/{made}", {"threshold": "2000", "is_enabled": False})
    deleted = partner.delete(f"alerts/{made}")

    assert (changed.status, changed["alert"]["threshold"], changed["alert"]["is_enabled"]) == (200, 2000, False)
    assert (deleted.status, partner.get(f"alerts/{made}").status) == (200, 404)
    told = list(Event.objects.filter(type__startswith="alert.").order_by("pk").values_list("type", flat=True))
    assert told == ["alert.created", "alert.changed", "alert.deleted"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"threshold": 1}, "metric"),
        ({"metric": "ai_tokens"}, "threshold"),
        ({"metric": "heat", "threshold": 1}, "metric"),
        ({"metric": "ai_tokens", "threshold": 0}, "threshold"),
        ({"metric": "ai_tokens", "threshold": -1}, "threshold"),
        ({"metric": "ai_tokens", "threshold": 1.5}, "threshold"),
        ({"metric": "ai_tokens", "threshold": "1e999999999"}, "threshold"),
        ({"metric": "ai_tokens", "threshold": 2**53}, "threshold"),
        ({"metric": "ai_tokens", "threshold": True}, "threshold"),
        ({"metric": "ai_tokens", "threshold": None}, "threshold"),
        ({"metric": "ai_credits", "threshold": "0.0000001"}, "threshold"),
        ({"metric": "ai_tokens", "threshold": 1, "period": "week"}, "period"),
        ({"metric": "ai_tokens", "threshold": 1, "period": 7}, "period"),
        ({"metric": "ai_tokens", "threshold": 1, "is_enabled": "yes"}, "is_enabled"),
        ({"metric": "ai_tokens", "threshold": 1, "project_id": NOBODYS}, "project_id"),
        ({"metric": "ai_tokens", "threshold": 1, "project_id": "x"}, "project_id"),
    ],
)
def test_a_refusal_names_the_parameter(partner, body, param):
    refused = partner.post("alerts", body)
    assert (refused.status, refused["code"]) == (422, "validation_error")
    assert [fault["param"] for fault in refused["errors"]] == [param]
    assert not Alert.objects.exists()


@pytest.mark.parametrize("body", ["[1]", "{", '"x"', '{"threshold": NaN}', "\ud800"])
def test_what_is_no_json_object_is_refused(partner, body):
    headers = {"X-Partnership-Secret": partner.secret}
    raw = body.encode("utf-8", "surrogatepass")
    response = partner.wire.post(f"{partner.base}/alerts", raw, content_type="application/json", headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_another_partners_alert_is_not_found(stranger, made, method):
    answers = [stranger.ask(method, f"alerts/{each}", {} if method == "PATCH" else None) for each in (made, NOBODYS)]
    assert [(each.status, each["code"]) for each in answers] == [(404, "alert_not_found")] * 2
    assert Alert.objects.count() == 1


def test_the_other_environment_has_its_own(partner, globex, made):
    secret = "gps_" + "t" * 43
    add_secret(globex, secret, environment="test")
    tester = PartnerClient(globex, secret)
    live = white_label_project(globex)

    assert (tester.get("alerts")["alerts"], tester.get(f"alerts/{made}").status) == ([], 404)
    refused = tester.post("alerts", {"metric": "ai_tokens", "threshold": 1, "project_id": str(live.pk)})
    assert (refused.status, refused["errors"][0]["param"]) == (422, "project_id")


def test_another_partners_project_is_no_project(stranger, shop):
    refused = stranger.post("alerts", {"metric": "ai_tokens", "threshold": 1, "project_id": str(shop.pk)})
    assert (refused.status, refused["errors"][0]["param"]) == (422, "project_id")


def test_reading_and_setting_want_their_scopes(globex, made):
    secrets = {"gps_" + "r" * 43: "usage:read", "gps_" + "w" * 43: "webhooks:write"}
    for secret, scope in secrets.items():
        add_secret(globex, secret, scopes=scope)
    reader, writer = (PartnerClient(globex, secret) for secret in secrets)
    body = {"metric": "ai_tokens", "threshold": 1}

    assert (reader.get("alerts").status, writer.get("alerts").status) == (200, 403)
    assert (reader.post("alerts", body).status, writer.post("alerts", body).status) == (403, 201)
    assert (reader.delete(f"alerts/{made}").status, writer.delete(f"alerts/{made}").status) == (403, 200)


def test_the_same_key_sets_one_alert(partner):
    body = {"metric": "ai_tokens", "threshold": 1}
    first, again = (partner.post("alerts", body, key="once") for _ in range(2))
    assert (first.body, again.headers["Idempotent-Replayed"]) == (again.body, "true")
    assert Alert.objects.count() == 1


def test_staffs_alert_is_seen_and_left_alone(partner, globex, sam):
    wanted = Wanted("ai_tokens", 5, staff=sam)
    alert = alerts.make(globex, "live", wanted, actor=SYSTEM, now=timezone.now())

    assert partner.get(f"alerts/{alert.pk}")["alert"]["made_by"] == "staff"
    refused = [partner.ask("PATCH", f"alerts/{alert.pk}", {}), partner.delete(f"alerts/{alert.pk}")]
    assert [(each.status, each["code"]) for each in refused] == [(403, "alert_of_staff")] * 2
    assert Alert.objects.count() == 1


def test_attack_164_a_hundred_and_no_more(partner, globex, monkeypatch):
    monkeypatch.setattr(alerts, "MAX_ALERTS", 2)
    body = {"metric": "ai_tokens", "threshold": 1}
    statuses = [partner.post("alerts", body).status for _ in range(3)]
    assert (statuses, Alert.objects.count()) == ([201, 201, 422], 2)


def test_the_list_is_paged(partner):
    ids = [partner.post("alerts", {"metric": "ai_tokens", "threshold": n + 1})["alert"]["id"] for n in range(3)]
    page = partner.get("alerts?limit=2")
    rest = partner.get(f"alerts?limit=2&cursor={page['next_cursor']}")
    assert [each["id"] for each in [*page["alerts"], *rest["alerts"]]] == ids[::-1]
    assert partner.get("alerts?limit=0").status == 422
    assert partner.get("alerts?sort=x").status == 422
