"""partnership.md, "Beyond the published contract": a partner's endpoints, what was sent to them, and again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partnership.models import Delivery, Event, Webhook
from tests import receivers
from tests.partnership.clients import PartnerClient, add_secret
from tests.partnership.hooks import Hook, deliver, hook

BEYOND = ("partnership.md", "Beyond the published contract")
ENDPOINTS = pytest.mark.contract(*BEYOND, "GET, POST `webhooks`; GET, PATCH, DELETE `webhooks/:id`")
REPLAYS = pytest.mark.contract(*BEYOND, "GET `webhooks/:id/deliveries`, POST `.../deliveries/:id/replay`")
URL = "https://hooks.globex.example/in"
NOBODYS = "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11"
SPAN = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}


@pytest.fixture
def made(globex):
    """An endpoint of globex that nobody speaks to: the id."""
    return globex.post("webhooks", {"url": URL})["webhook"]["id"]


@pytest.fixture
def hooked(globex, settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    with receivers.receiving() as receiver:
        yield hook(globex, receiver)


@ENDPOINTS
@pytest.mark.parametrize("who", ["acme", "globex"])
def test_both_modes_register_an_endpoint(request, who):
    owner = request.getfixturevalue(who)
    made = owner.post("webhooks", {"url": URL, "description": "Billing", "event_types": ["project.created"]})
    webhook = made["webhook"]
    assert (made.status, made.headers["Cache-Control"]) == (201, "no-store")
    assert webhook.pop("secret").startswith("whsec_")
    assert (webhook["url"], webhook["event_types"], webhook["is_enabled"]) == (URL, ["project.created"], True)
    assert owner.get(f"webhooks/{webhook['id']}")["webhook"] == webhook  # no secret a second time
    assert owner.get("webhooks").body == {"webhooks": [webhook], "next_cursor": None}


def test_attack_163_the_secret_is_not_in_the_database_nor_in_the_log(globex, caplog):
    secret = globex.post("webhooks", {"url": URL})["webhook"]["secret"]
    row = Webhook.objects.values().get()
    assert secret not in str(row)
    assert secret not in caplog.text
    assert secret not in str(Event.objects.values())


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "url"),
        ({"url": 1}, "url"),
        ({"url": ""}, "url"),
        ({"url": "http://hooks.globex.example/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://localhost/"}, "url"),
        ({"url": "http://localhost:9000/"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "https://user:pass@hooks.globex.example/"}, "url"),
        ({"url": "https://hooks.globex.example/#x"}, "url"),
        ({"url": "https://hooks.globex.example/" + "x" * 2000}, "url"),
        ({"url": URL, "event_types": "project.created"}, "event_types"),
        ({"url": URL, "event_types": ["project.exploded"]}, "event_types"),
        ({"url": URL, "event_types": ["account.connected"]}, "event_types"),
        ({"url": URL, "event_types": [1]}, "event_types"),
        ({"url": URL, "is_enabled": "yes"}, "is_enabled"),
        ({"url": URL, "is_enabled": None}, "is_enabled"),
        ({"url": URL, "description": "x" * 201}, "description"),
        ({"url": URL, "description": "a\0b"}, "description"),
    ],
)
def test_attack_153_what_is_not_allowed_is_named(globex, body, param):
    refused = globex.post("webhooks", body)
    assert (refused.status, refused["code"]) == (422, "validation_error")
    assert param in [error["param"] for error in refused["errors"]]
    assert not Webhook.objects.exists()


def test_each_parameter_at_fault_is_named(globex):
    refused = globex.post("webhooks", {"url": "https://10.0.0.1/", "event_types": ["x"]})
    assert [error["param"] for error in refused["errors"]] == ["url", "event_types"]


@ENDPOINTS
def test_changing_an_endpoint_changes_what_was_named_alone(globex, made):
    changed = globex.ask("PATCH", f"webhooks/{made}", {"description": "New", "is_enabled": False})
    webhook = changed["webhook"]
    assert (webhook["url"], webhook["description"], webhook["is_enabled"]) == (URL, "New", False)
    assert globex.ask("PATCH", f"webhooks/{made}", {}).status == 200
    refused = globex.ask("PATCH", f"webhooks/{made}", {"url": "https://10.0.0.1/"})
    assert (refused.status, refused["errors"][0]["param"]) == (422, "url")
    assert globex.get(f"webhooks/{made}")["webhook"] == webhook


@ENDPOINTS
def test_a_deleted_endpoint_is_gone_with_its_deliveries(globex, hooked):
    globex.sync()
    assert globex.delete(hooked.path).status == 200
    assert (globex.get(hooked.path).status, globex.delete(hooked.path).status) == (404, 404)
    assert (deliver(), Delivery.objects.count()) == (0, 0)


def test_attack_164_ten_endpoints_are_enough(globex, globex_test, made):
    for number in range(9):
        assert globex.post("webhooks", {"url": f"{URL}/{number}"}).status == 201
    assert globex.post("webhooks", {"url": URL}).status == 422
    assert globex_test.post("webhooks", {"url": URL}).status == 201


def test_a_key_makes_one_endpoint(globex):
    first, again = (globex.post("webhooks", {"url": URL}, key="k1") for _ in range(2))
    assert (first.body, again.headers["Idempotent-Replayed"]) == (again.body, "true")
    assert Webhook.objects.count() == 1


def test_lists_come_in_pages_newest_first(globex, made, time_machine):
    ids = [made]
    for number in range(4):
        time_machine.move_to(timezone.now() + timedelta(seconds=1), tick=False)
        ids.append(globex.post("webhooks", {"url": f"{URL}/{number}"})["webhook"]["id"])
    first = globex.get("webhooks?limit=3")
    rest = globex.get(f"webhooks?limit=3&cursor={first['next_cursor']}")
    assert [each["id"] for each in first["webhooks"] + rest["webhooks"]] == ids[::-1]
    assert globex.get("webhooks?limit=0").status == 422


CALLS = [
    ("GET", "", None),
    ("PATCH", "", {"url": URL}),
    ("DELETE", "", None),
    ("POST", "/rotate-secret", None),
    ("GET", "/deliveries", None),
    ("POST", f"/deliveries/{NOBODYS}/replay", None),
    ("POST", "/replay", SPAN),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_anothers_endpoint_is_as_unknown_as_no_ones(globex, globex_test, acme, made, method, path, body):
    answers = [
        acme.ask(method, f"webhooks/{made}{path}", body),
        globex_test.ask(method, f"webhooks/{made}{path}", body),
        globex.ask(method, f"webhooks/{NOBODYS}{path}", body),
        globex.ask(method, f"webhooks/{made.upper()}{path}", body),
        globex.ask(method, f"webhooks/none{path}", body),
    ]
    assert {(each.status, each["code"], each["message"]) for each in answers} == {
        (404, "webhook_not_found", "The webhook or delivery was not found.")
    }
    assert globex.get(f"webhooks/{made}")["webhook"]["is_enabled"]


@pytest.mark.parametrize(("method", "path", "body"), [("GET", None, None), ("POST", None, {"url": URL}), *CALLS])
def test_attack_167_a_secret_without_the_scope_and_a_stranger(globex, made, method, path, body):
    add_secret(globex.partner, "gps_" + "r" * 43, scopes="projects:read projects:write usage:read")
    target = "webhooks" if path is None else f"webhooks/{made}{path}"
    reader = PartnerClient(globex.partner, "gps_" + "r" * 43).ask(method, target, body)
    stranger = PartnerClient(globex.partner, None).ask(method, target, body)
    assert (reader.status, reader["code"]) == (403, "insufficient_scope")
    assert (stranger.status, stranger["code"]) == (401, "invalid_credentials")


def test_in_maintenance_endpoints_are_read_and_not_changed(globex, made):
    globex.partner.is_in_maintenance = True
    globex.partner.save()
    assert globex.get("webhooks").status == 200
    assert globex.post(f"webhooks/{made}/rotate-secret").status == 503


@pytest.mark.contract("partnership.md", "Beyond the published contract", "POST `webhooks/:id/rotate-secret`")
@ENDPOINTS
def test_rotating_shows_the_new_secret_and_the_end_of_the_old(globex, made):
    rotated = globex.post(f"webhooks/{made}/rotate-secret", {"overlap_seconds": 60})["webhook"]
    assert rotated["secret"].startswith("whsec_")
    assert rotated["previous_secret_expires_at"] is not None
    for bad in (-1, 30 * 86_400 + 1, "60", True):
        refused = globex.post(f"webhooks/{made}/rotate-secret", {"overlap_seconds": bad})
        assert (refused.status, refused["errors"][0]["param"]) == (422, "overlap_seconds")


def test_an_overlap_of_nothing_ends_the_old_secret_at_once(globex, hooked):
    new = globex.post(f"{hooked.path}/rotate-secret", {"overlap_seconds": 0})["webhook"]["secret"]
    globex.sync()
    deliver()
    assert len(hooked.receiver.got[0][0]["webhook-signature"].split()) == 1
    assert hooked.verified(secret=new)["type"] == "project.created"


@REPLAYS
def test_one_delivery_is_sent_again_as_the_same_message(globex, hooked):
    globex.sync()
    deliver()
    (sent,) = hooked.deliveries()
    again = globex.post(f"{hooked.path}/deliveries/{sent['id']}/replay")
    assert (again.status, again["delivery"]["is_replay"], again["delivery"]["event_id"]) == (
        202,
        True,
        sent["event_id"],
    )
    assert deliver() == 1
    first, second = hooked.receiver.got
    assert (first[1], first[0]["webhook-id"]) == (second[1], second[0]["webhook-id"])
    assert hooked.verified()["type"] == "project.created"


@REPLAYS
def test_a_replay_of_what_still_waits_is_no_second_one(globex, hooked):
    hooked.receiver.behave = receivers.status(500)
    globex.sync()
    deliver()
    (waiting,) = hooked.deliveries()
    hooked.receiver.behave = receivers.status(200)
    again = globex.post(f"{hooked.path}/deliveries/{waiting['id']}/replay")
    assert (again["delivery"]["id"], deliver(), len(hooked.deliveries())) == (waiting["id"], 1, 1)


@pytest.mark.contract(*BEYOND, "POST `webhooks/:id/replay` `{from, to}`")
def test_a_range_is_sent_again_in_order(globex, hooked, shop):
    for call in ("pause", "restore"):
        globex.post(f"{shop}/{call}")
    deliver()
    assert globex.post(f"{hooked.path}/replay", SPAN)["replayed"] == 3
    assert globex.post(f"{hooked.path}/replay", SPAN)["replayed"] == 3  # a double click sends nothing twice
    assert deliver() == 3
    assert hooked.types() == ["project.created", "project.paused", "project.restored"] * 2


@pytest.mark.contract(*BEYOND, "POST `webhooks/:id/replay` `{from, to}`")
def test_a_range_tells_a_new_endpoint_of_the_past(globex, shop, settings, hooked: Hook):
    assert hooked.deliveries() == []
    assert (
        globex.post(f"{hooked.path}/replay", {"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"})["replayed"]
        == 0
    )
    assert globex.post(f"{hooked.path}/replay", SPAN)["replayed"] == 1
    deliver()
    assert hooked.types() == ["project.created"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "from"),
        ({"from": SPAN["from"]}, "to"),
        ({"from": "2026-01-01", "to": SPAN["to"]}, "from"),
        ({"from": "2026-01-01T00:00:00", "to": SPAN["to"]}, "from"),
        ({"from": "0001-01-01T00:00:00+14:00", "to": SPAN["to"]}, "from"),
        ({"from": "2026-13-01T00:00:00Z", "to": SPAN["to"]}, "from"),
        ({"from": 1767225600, "to": SPAN["to"]}, "from"),
        ({"from": SPAN["to"], "to": SPAN["from"]}, "to"),
    ],
)
def test_a_range_that_is_none_is_named(globex, made, body, param):
    refused = globex.post(f"webhooks/{made}/replay", body)
    assert (refused.status, refused["errors"][0]["param"]) == (422, param)


def test_what_is_switched_off_is_not_replayed(globex, hooked):
    globex.sync()
    deliver()
    hooked.patch(is_enabled=False)
    (sent,) = hooked.deliveries()
    answers = [
        globex.post(f"{hooked.path}/deliveries/{sent['id']}/replay"),
        globex.post(f"{hooked.path}/replay", SPAN),
    ]
    assert [(each.status, each["code"]) for each in answers] == [(409, "invalid_state")] * 2


def test_switching_off_gives_up_what_waits(globex, hooked):
    globex.sync()
    hooked.patch(is_enabled=False)
    (given_up,) = hooked.deliveries()
    assert (given_up["status"], given_up["outcome"], deliver()) == ("failed", "webhook_disabled", 0)


def test_every_change_is_in_the_audit_log(globex, hooked):
    hooked.patch(description="x")
    globex.post(f"{hooked.path}/rotate-secret")
    globex.post(f"{hooked.path}/replay", SPAN)
    globex.delete(hooked.path)
    told = [each["type"] for each in globex.get("events")["events"]][::-1]
    assert told == [f"webhook.{each}" for each in ("created", "changed", "secret_rotated", "replayed", "deleted")]
