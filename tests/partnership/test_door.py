"""partnership.md, "Authentication": who comes in, and in which order the checks stand."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from partnership.models import PartnerSecret
from tests.partnership.clients import PartnerClient, add_secret

# A window of a limit that ended in the middle of a test would count from nought again.
pytestmark = pytest.mark.usefixtures("later")

OTHER_SECRET = "gps_" + "o" * 43


@pytest.mark.contract("partnership.md", "Errors", "invalid_credentials")
@pytest.mark.contract("partnership.md", "Authentication", "401")
@pytest.mark.parametrize("secret", [None, "", "gps_unknown", "gps_" + "a" * 43, "x" * 10_000])
def test_every_wrong_secret_gets_the_same_401(globex, acme, secret):
    refused = PartnerClient(globex.partner, secret).get("catalog")

    assert (refused.status, refused["code"], refused["success"]) == (401, "invalid_credentials", False)
    assert refused["message"] == "The partnership secret is missing, wrong or expired."
    assert refused["requestId"] == refused.headers["X-Request-Id"]


def test_an_unknown_partner_id_is_answered_as_a_wrong_secret(globex):
    refused = Client().get("/partnership/v1/ps_nobody000001/catalog", headers={"X-Partnership-Secret": globex.secret})
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_credentials")


def test_an_expired_secret_is_a_wrong_one(globex):
    PartnerSecret.objects.update(expires_at=timezone.now())
    assert globex.get("catalog")["code"] == "invalid_credentials"


@pytest.mark.contract("partnership.md", "Authentication", "rotation")
def test_two_secrets_overlap(globex):
    PartnerSecret.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    add_secret(globex.partner, OTHER_SECRET)

    assert globex.get("catalog").status == 200
    assert PartnerClient(globex.partner, OTHER_SECRET).get("catalog").status == 200


@pytest.mark.parametrize(
    ("path", "method"), [("nothing-here/at-all", "GET"), ("catalog", "POST"), ("not-a-uuid/metadata", "GET")]
)
def test_a_stranger_learns_of_no_route(globex, path, method):
    assert PartnerClient(globex.partner, None).ask(method, path).status == 401


def test_a_known_partner_is_told_404_and_405(globex):
    assert globex.get("nothing-here/at-all").status == 404
    wrong = globex.post("catalog")
    assert (wrong.status, wrong["code"], wrong.headers["Allow"]) == (405, "method_not_allowed", "GET")


@pytest.mark.contract("partnership.md", "Errors", "partner_disabled")
@pytest.mark.contract("partnership.md", "Authentication", "403")
def test_attack_169_a_disabled_partner_is_refused_before_anything_else(globex):
    globex.partner.is_enabled = False
    globex.partner.save()
    assert (globex.post("connect-user").status, globex.post("connect-user")["code"]) == (403, "partner_disabled")


@pytest.mark.contract("partnership.md", "Errors", "wrong_partnership_type")
@pytest.mark.parametrize("path", ["connect-user", "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11/sync-project"])
def test_a_white_label_partner_has_no_co_branded_call(globex, path):
    refused = globex.post(path, {})
    assert (refused.status, refused["code"]) == (403, "wrong_partnership_type")


def test_a_co_branded_partner_has_no_white_label_call(acme):
    assert acme.sync()["code"] == "wrong_partnership_type"


@pytest.mark.contract("partnership.md", "Errors", "insufficient_scope")
@pytest.mark.parametrize(("scope", "allowed"), [("projects:read", 200), ("usage:read webhooks:write", 403)])
def test_attack_167_a_secret_needs_the_scope(globex, scope, allowed):
    PartnerSecret.objects.update(scopes=scope)
    assert globex.get("catalog").status == allowed
    refused = globex.sync()
    assert (refused.status, refused["code"]) == (403, "insufficient_scope")


@pytest.mark.contract("partnership.md", "Errors", "address_not_allowed")
@pytest.mark.parametrize(
    ("networks", "status"),
    [("", 200), ("127.0.0.0/8", 200), ("10.0.0.0/8\n127.0.0.1", 200), ("10.0.0.0/8", 403), ("::1/128", 403)],
)
def test_a_secret_may_be_bound_to_addresses(globex, networks, status):
    PartnerSecret.objects.update(networks=networks)
    answer = globex.get("catalog")
    assert answer.status == status
    assert status == 200 or answer["code"] == "address_not_allowed"


@pytest.mark.contract("partnership.md", "Beyond the published contract", "Rate limit")
def test_a_partner_has_a_limit_of_its_own(globex, acme, time_machine):
    time_machine.move_to(1_800_000_000, tick=False)
    globex.partner.requests_per_minute = 2
    globex.partner.save()

    first, second, third = globex.get("catalog"), globex.get("nothing"), globex.get("catalog")

    assert first.headers["RateLimit-Policy"] == '"partner";q=2;w=60'
    assert first.headers["RateLimit"].startswith('"partner";r=1;t=')
    assert second.status == 405
    assert globex.get("catalog").status == 429 if third.status == 200 else third.status == 429
    assert acme.get("catalog").status == 200


def test_a_refusal_carries_the_limits_too(globex):
    missing = globex.get("4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11/metadata")
    assert (missing.status, missing["code"]) == (404, "project_not_found")
    assert "RateLimit" in missing.headers


@pytest.mark.contract("partnership.md", "Errors", "rate_limited")
def test_429_says_when_to_come_again(globex):
    globex.partner.requests_per_minute = 1
    globex.partner.save()
    globex.get("catalog")
    refused = globex.get("catalog")
    assert (refused.status, refused["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_the_last_use_is_written_at_most_once_a_minute(globex, time_machine):
    time_machine.move_to(1_800_000_000, tick=False)
    globex.get("catalog")
    time_machine.move_to(1_800_000_059, tick=False)
    globex.get("catalog")
    assert PartnerSecret.objects.get().last_used_at.timestamp() == 1_800_000_000


def test_maintenance_lets_a_partner_read_and_nothing_else(globex, shop):
    globex.partner.is_in_maintenance = True
    globex.partner.save()
    assert globex.get(f"{shop}/metadata").status == 200
    refused = globex.post(f"{shop}/pause")
    assert (refused.status, refused["code"], refused.headers["Retry-After"]) == (503, "partner_in_maintenance", "300")
    assert globex.get(f"{shop}/metadata")["project"]["status"] == "active"


@pytest.mark.contract("partnership.md", "Errors", "invalid_json")
@pytest.mark.contract("README.md", "Rules for all of them", "3")
@pytest.mark.parametrize("raw", [b"[]", b"{", b"1", b'"x"', b"\xff", b"[" * 100_000, b'{"a": NaN}', b"project_name=x"])
def test_a_body_that_is_no_json_object_is_a_400(globex, raw):
    response = Client().post(
        f"{globex.base}/sync-embedded-project",
        raw,
        content_type="application/json",
        headers={"X-Partnership-Secret": globex.secret},
    )
    assert (response.status_code, response.json()["code"]) == (400, "invalid_json")


@pytest.mark.contract("partnership.md", "Errors", "invalid_request")
def test_a_length_that_is_no_number_is_a_400_in_the_partners_words(globex):
    response = Client().post(
        f"{globex.base}/sync-embedded-project",
        {"project_name": "Shop"},
        content_type="application/json",
        headers={"X-Partnership-Secret": globex.secret, "Content-Length": "a few"},
    )
    body = response.json()
    assert (response.status_code, body["success"], body["code"]) == (400, False, "invalid_request")
    assert globex.get("projects")["projects"] == []
