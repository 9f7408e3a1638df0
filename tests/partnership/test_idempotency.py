"""partnership.md, "Idempotency-Key": done once, answered the same again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partnership.models import IdempotencyKey, Operation, Project
from partnership.views import white_label
from tests.partnership.clients import PartnerClient, add_secret

KEY = "7c1f"
SECTION = ("partnership.md", "Beyond the published contract", "Idempotency-Key")


@pytest.mark.contract(*SECTION)
def test_the_same_request_gets_the_stored_answer_byte_for_byte(globex):
    first = globex.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY)
    globex.delete(first["project"]["id"])
    again = globex.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY)

    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Location"] == first.headers["Location"]
    assert Project.objects.count() == 1


def test_attack_163_the_key_of_an_answer_is_not_readable_in_the_database(globex):
    key = globex.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY)["project"]["api_key"]
    assert key not in IdempotencyKey.objects.get().encrypted_response


def test_delete_replays_its_own_request_id(globex, shop):
    first = globex.delete(shop, key=KEY)
    assert globex.delete(shop, key=KEY)["requestId"] == first["requestId"]


@pytest.mark.contract("partnership.md", "Errors", "idempotency_key_reused")
@pytest.mark.parametrize("body", [{"project_name": "Other"}, {"project_name": "Shop", "region": "us-west"}])
def test_attack_156_another_request_with_the_key_is_a_422(globex, body):
    globex.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY)
    reused = globex.post("sync-embedded-project", body, key=KEY)
    assert (reused.status, reused["code"]) == (422, "idempotency_key_reused")
    assert Project.objects.count() == 1


def test_attack_156_another_path_with_the_key_is_a_422(globex, shop):
    globex.post(f"{shop}/pause", key=KEY)
    assert globex.post(f"{shop}/restore", key=KEY)["code"] == "idempotency_key_reused"


def test_attack_156_partners_and_environments_have_keys_of_their_own(globex, globex_test, acme):
    acme.partner.is_white_label = True
    acme.partner.save()
    ids = {
        client.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY)["project"]["id"]
        for client in (globex, globex_test, acme)
    }
    assert len(ids) == 3


def test_a_second_secret_of_the_same_partner_shares_the_keys(globex):
    add_secret(globex.partner, "gps_second")
    first = globex.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY)
    again = PartnerClient(globex.partner, "gps_second").post("sync-embedded-project", {"project_name": "Shop"}, key=KEY)
    assert again.body == first.body


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(globex, key):
    refused = globex.post("sync-embedded-project", {"project_name": "Shop"}, key=key)
    assert (refused.status, refused["errors"][0]["param"]) == (422, "Idempotency-Key")
    assert globex.post("sync-embedded-project", {"project_name": "Shop"}, key="k" * 255).status == 200


@pytest.mark.contract("partnership.md", "Errors", "idempotency_in_progress")
def test_while_the_first_runs_the_second_is_a_409(globex, monkeypatch):
    seen = []
    real = white_label.creation.sync

    def meanwhile(*args, **kwargs):
        seen.append(globex.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY))
        return real(*args, **kwargs)

    monkeypatch.setattr(white_label.creation, "sync", meanwhile)
    assert globex.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY).status == 200

    assert (seen[0].status, seen[0]["code"], seen[0].headers["Retry-After"]) == (409, "idempotency_in_progress", "2")


@pytest.mark.contract("partnership.md", "Beyond the published contract", "A crashed worker frees its key after 60 s")
def test_a_crash_frees_the_key_after_60_seconds(globex, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    globex.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY)
    IdempotencyKey.objects.update(answered_at=None, response_status=None, encrypted_response="")
    assert globex.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY).status == 409

    time_machine.move_to(timezone.now() + timedelta(seconds=60), tick=False)

    freed = globex.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY)
    assert (freed.status, Project.objects.count()) == (200, 1)


def test_an_error_of_ours_frees_the_key_at_once(globex, monkeypatch):
    monkeypatch.setattr(white_label.creation, "sync", lambda *a, **k: 1 / 0)
    globex.wire.raise_request_exception = False
    assert globex.post("sync-embedded-project", {"project_name": "Shop"}, key=KEY).status == 500
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("path", ["sync-embedded-project", "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11/pause"])
def test_refusals_are_not_stored(globex, path):
    assert globex.post(path, {"region": 1}, key=KEY).status in (404, 422)
    assert not IdempotencyKey.objects.exists()


def test_attack_157_an_authorization_code_is_never_given_twice(globex, shop):
    codes = {globex.post(f"{shop}/authorization", key=KEY)["code"] for _ in range(2)}
    assert len(codes) == 2
    assert not IdempotencyKey.objects.exists()


def test_the_plan_limit_is_not_stored(acme, alice):
    user_id = acme.connect()
    for name in ("One", "Two"):
        acme.sync_for(user_id, name)
    full = acme.post(f"{user_id}/sync-project", {"project_name": "Three"}, key=KEY)
    assert full["success"] is False
    Project.objects.filter(name="One").update(status="paused")
    assert acme.post(f"{user_id}/sync-project", {"project_name": "Three"}, key=KEY)["success"] is True


def test_a_key_is_forgotten_after_24_hours(globex, time_machine, shop):
    globex.post(f"{shop}/pause", key=KEY)
    time_machine.move_to(timezone.now() + timedelta(hours=24, seconds=1), tick=False)
    fresh = globex.post(f"{shop}/restore", key=KEY)
    assert (fresh.status, fresh["project"]["status"]) == (200, "active")


def test_a_get_has_no_use_for_a_key(globex, shop):
    assert globex.get(f"{shop}/metadata", **{"Idempotency-Key": KEY}).status == 200
    assert not IdempotencyKey.objects.exists()
    assert Operation.objects.count() == 1
