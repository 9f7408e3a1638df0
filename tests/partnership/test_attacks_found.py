"""Partners that reach for what is another's (docs/attacks.md, from row 131 on)."""

import re

import pytest

from partnership.models import Connection, Delivery, Operation, Project, Webhook
from tests.everything import everything
from tests.partnership.calls import CALLS, NOBODYS, OF_LISTS, WITH_IDS, both_modes, filled, send
from tests.partnership.clients import PartnerClient, add_secret
from usage.models import Alert

# What stands in a row and is nobody's to say.
FOREIGN = {
    "id": NOBODYS,
    "pk": NOBODYS,
    "partner": "ps_initech00001",
    "partner_id": "ps_initech00001",
    "environment": "test",
    "status": "deleted",
    "mode": "co_branded",
    "organization_id": NOBODYS,
    "user_id": NOBODYS,
    "made_by": "staff",
    "created_at": "2001-01-01T00:00:00Z",
    "deleted_at": "2001-01-01T00:00:00Z",
    "encrypted_secret": "x",
    "appkey": "mine",
}


@pytest.fixture
def victim(alice):
    """A partner that has one of everything."""
    hooli = both_modes("ps_hooli0000001", "Hooli", "gps_" + "h" * 43)
    hooli.post("webhooks", {"url": "https://hooli.example/hook"})
    hooli.sync("Secret shop")
    hooli.sync_for(hooli.connect(), "Secret shop of Alice")
    hooli.post("alerts", {"metric": "ai_tokens", "threshold": 5})
    return hooli


@pytest.fixture
def ids(victim):
    """The ids of what the victim has, by their names in the routes."""
    project = Project.objects.get(mode="white_label")
    return {
        "project_id": project.pk,
        "operation_id": Operation.objects.get(project=project).pk,
        "webhook_id": Webhook.objects.get().pk,
        "delivery_id": Delivery.objects.earliest("pk").pk,
        "alert_id": Alert.objects.get().pk,
        "user_id": Connection.objects.get().user_id,
        "month": "2026-01",
    }


def said(response):
    return response.status_code, {**response.json(), "requestId": ""}


@pytest.mark.parametrize(("method", "path"), WITH_IDS)
def test_attack_131_anothers_ids_are_nobodys(initech, victim, ids, method, path):
    before = everything()
    refused = send(initech, method, filled(path, ids))
    assert refused.status_code == 404
    assert said(refused) == said(
        send(initech, method, filled(path, {**dict.fromkeys(ids, NOBODYS), "month": "2026-01"}))
    )
    assert everything() == before


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_attack_132_a_good_secret_opens_no_other_partners_path(initech, victim, ids, method, path):
    before = everything()
    thief = PartnerClient(victim.partner, initech.secret)
    refused = send(thief, method, filled(path, ids))
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_credentials")
    assert everything() == before


@pytest.mark.parametrize(("method", "path"), [call for call in WITH_IDS if call[1] != "<str:user_id>/sync-project"])
def test_attack_133_a_test_secret_reaches_nothing_live(victim, ids, method, path):
    add_secret(victim.partner, "gps_" + "t" * 43, environment="test")
    tester, before = PartnerClient(victim.partner, "gps_" + "t" * 43), everything()
    assert send(tester, method, filled(path, ids)).status_code == 404
    assert everything() == before


@pytest.mark.parametrize("path", OF_LISTS)
def test_attack_134_no_list_holds_anothers(initech, victim, ids, path):
    shown = send(initech, "GET", path)
    text = b"".join(shown) if shown.streaming else shown.content
    assert shown.status_code in (200, 422)
    assert not [name for name, id_ in ids.items() if name not in ("month", "delivery_id") and str(id_).encode() in text]
    assert b"Secret" not in text


def test_attack_134_anothers_cursor_shows_ones_own(initech, victim):
    for name in ("One", "Two", "Three"):
        victim.sync(name)
    initech.sync("Mine own")
    for path in ("projects", "events"):
        cursor = victim.get(f"{path}?limit=1")["next_cursor"]
        page = send(initech, "GET", f"{path}?cursor={cursor}")
        assert not re.search(rb"One|Two|Three|Secret", page.content)


CREATES = [
    ("sync-embedded-project", {"project_name": "Shop"}, Project),
    ("webhooks", {"url": "https://globex.example/hook"}, Webhook),
    ("alerts", {"metric": "ai_tokens", "threshold": 5}, Alert),
]
OWN = ("partner_id", "environment", "made_by", "mode", "status")


@pytest.mark.parametrize(("path", "body", "model"), CREATES)
def test_attack_135_what_a_body_may_not_say_is_not_heard(globex, initech, path, body, model):
    plain, loaded = globex.post(path, body), globex.post(path, {**body, **taken_from(body, project_name="Other")})
    assert {plain.status, loaded.status} <= {200, 201, 422}
    rows = [{name: getattr(row, name) for name in OWN if hasattr(row, name)} for row in model.objects.all()]
    assert all(row == rows[0] for row in rows)
    assert rows[0]["partner_id"] == globex.partner.pk
    assert not model.objects.filter(pk=NOBODYS).exists()


def taken_from(body, **changes):
    return {**FOREIGN, **{name: value for name, value in changes.items() if name in body}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("{project_id}/pause", {}),
        ("{project_id}/upgrade", {"instance_type": "small"}),
        ("{project_id}/restart", {}),
        ("{project_id}/rotate-api-key", {}),
        ("{user_id}/sync-project", {"project_name": "Secret shop of Alice"}),
    ],
)
def test_attack_135_a_change_moves_no_project_to_others(victim, ids, path, body):
    before = list(Project.objects.order_by("pk").values("id", "partner_id", "environment", "mode", "organization_id"))
    assert victim.post(path.format(**ids), {**FOREIGN, **body}).status in (200, 202, 422)
    assert (
        list(Project.objects.order_by("pk").values("id", "partner_id", "environment", "mode", "organization_id"))
        == before
    )


@pytest.mark.parametrize(("path", "body"), [("webhooks/{webhook_id}", {}), ("alerts/{alert_id}", {})])
def test_attack_135_a_patch_changes_what_it_may_alone(victim, ids, path, body):
    before = everything()
    assert victim.ask("PATCH", path.format(**ids), {**FOREIGN, **body}).status in (200, 422)
    after = everything()
    for name in ("Webhook", "Alert"):
        assert [without_times(row) for row in after[name]] == [without_times(row) for row in before[name]]


def without_times(row):
    return {name: value for name, value in row.items() if not name.endswith("_at") or name == "created_at"}
