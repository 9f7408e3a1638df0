"""POST device_authorization: two codes for a device that is allowed to ask."""

import pytest
from django.test import Client

from oauth_provider import user_codes
from oauth_provider.models import DeviceGrant
from tests.cast import web_application
from tests.clients import answer
from tests.devices import ASK, Device

ROW = ("oauth.md", "Other endpoints under /api/oauth/v1", "POST device_authorization")


@pytest.mark.contract(*ROW)
@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_device_gets_two_codes_and_a_place_to_send_its_person_to(acme_tv, content_type):
    body = f"client_id={acme_tv.application.client_id}&scope=user:read"
    sent = acme_tv.credentials() | {"scope": "user:read"} if "json" in content_type else body
    response = Client().post(ASK, sent, content_type=content_type)
    codes = response.json()
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert user_codes.read(codes["user_code"]) == codes["user_code"]
    assert len(codes["device_code"]) == 43
    assert {name: value for name, value in codes.items() if name not in ("device_code", "user_code")} == {
        "verification_uri": "http://localhost:8000/device",
        "verification_uri_complete": f"http://localhost:8000/device?user_code={codes['user_code']}",
        "expires_in": 900,
        "interval": 5,
    }


def test_attack_048_both_codes_are_stored_as_digests_and_the_short_one_with_a_key(acme_tv, settings):
    codes = acme_tv.ask_for_codes()
    kept = repr(list(DeviceGrant.objects.values()))
    assert codes["device_code"] not in kept
    assert codes["user_code"] not in kept
    stored = bytes(DeviceGrant.objects.get().user_code_digest)
    assert stored == user_codes.digest_of(codes["user_code"])
    settings.ENCRYPTION_KEYS = ["T0xEX09MRF9PTERfT0xEX09MRF9PTERfT0xEX09MRF8="]
    assert stored != user_codes.digest_of(codes["user_code"])


@pytest.mark.contract(*ROW)
def test_without_a_scope_the_clients_default_is_asked_for(acme_tv):
    acme_tv.ask_for_codes()
    assert DeviceGrant.objects.get().scope == "user:read"


@pytest.mark.parametrize("scope", [" ", "unknown", "usage:write", "user:read unknown"])
def test_a_scope_that_no_person_can_grant_it_is_refused(acme_tv, scope):
    refused = acme_tv.ask_for_codes(scope=scope)
    assert (refused.status, refused.error, refused.headers["Cache-Control"]) == (400, "invalid_scope", "no-store")
    assert not DeviceGrant.objects.exists()


def test_a_scope_that_the_client_does_not_have_is_refused(acme_tv):
    acme_tv.application.allowed_scopes = "user:read"
    acme_tv.application.save()
    assert acme_tv.ask_for_codes(scope="projects:read").error == "invalid_scope"


def test_another_resource_server_is_refused(acme_tv):
    assert acme_tv.ask_for_codes(resource="https://elsewhere.example").error == "invalid_target"
    assert acme_tv.ask_for_codes(resource="http://localhost:8000/projects").status == 200


@pytest.mark.contract(*ROW)
def test_a_client_that_may_not_is_told_so(acme_cli, acme_app):
    for client in (acme_cli, acme_app):
        refused = Device(client.application, client.secret).ask_for_codes()
        assert (refused.status, refused.error) == (400, "unauthorized_client")
    assert not DeviceGrant.objects.exists()


def test_a_stranger_and_a_client_with_a_wrong_secret_get_401(acme_tv):
    wrong = Device(web_application(), "wrong").ask_for_codes()
    unknown = acme_tv.ask_for_codes(client_id="clf_unknown")
    none = acme_tv.ask_for_codes(client_id=None)
    assert {(one.status, one.error) for one in (wrong, unknown, none)} == {(401, "invalid_client")}


def test_a_disabled_client_gets_401(acme_tv):
    acme_tv.application.is_enabled = False
    acme_tv.application.save()
    assert acme_tv.ask_for_codes().status == 401


@pytest.mark.parametrize("body", ['{"client_id": 1}', "[]", '{"client_id": "a", "client_id": "b"}'])
def test_a_malformed_body_is_a_400(db, body):
    refused = answer(Client().post(ASK, body, content_type="application/json"))
    assert (refused.status, refused.error, refused.headers["Cache-Control"]) == (400, "invalid_request", "no-store")


@pytest.mark.usefixtures("later")
def test_asking_is_limited_by_client_and_address(acme_tv, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"device_authorization": (2, 60)}
    answers = [acme_tv.ask_for_codes() for _ in range(3)]
    assert [one.status for one in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit"].startswith('"device_authorization";r=1;t=')
    assert "Retry-After" in answers[2].headers
    acme_tv.wire = Client(REMOTE_ADDR="127.0.0.9")
    assert acme_tv.ask_for_codes().status == 200


def test_a_user_code_that_is_taken_is_not_given_twice(acme_tv, monkeypatch):
    drawn = iter(["BBBB-BBBB", "BBBB-BBBB", "CCCC-CCCC"])
    monkeypatch.setattr(user_codes, "new_user_code", lambda: next(drawn))
    assert [acme_tv.ask_for_codes()["user_code"] for _ in range(2)] == ["BBBB-BBBB", "CCCC-CCCC"]


def test_user_codes_have_no_vowel_and_nothing_that_looks_like_another():
    letters = set("".join(user_codes.new_user_code() for _ in range(200)))
    assert letters <= set("BCDFGHJKLMNPQRSTVWXZ-")


@pytest.mark.parametrize("typed", ["wdjb-mjht", " WDJB MJHT ", "w d j b m j h t", "WDJBMJHT", "wdjb\u2013mjht"])
def test_case_spaces_and_hyphens_make_no_difference(typed):
    assert user_codes.read(typed) == "WDJB-MJHT"


@pytest.mark.parametrize("typed", ["", "WDJB-MJH", "WDJB-MJHTT", "WDJB-MJHA", "WDJB-MJH1", "\0", "ẞDJB-MJHT"])
def test_what_is_no_user_code_is_none(typed):
    assert user_codes.read(typed) == ""
