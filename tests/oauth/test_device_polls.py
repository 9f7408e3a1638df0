"""The device grant at the token endpoint (RFC 8628 section 3.5)."""

from dataclasses import replace

import jwt
import pytest
from django.test import Client
from django.utils import timezone

from oauth_provider import client_details, clients
from oauth_provider.models import Consent, DeviceGrant, TokenFamily
from tests.cast import native_application, signed_in
from tests.clients import profile
from tests.devices import Device, respond

ROW = ("oauth.md", "token", "device_code")

pytestmark = pytest.mark.usefixtures("later")


def is_refused(answer, error="invalid_grant"):
    return (answer.status, answer.error, answer.headers["Cache-Control"]) == (400, error, "no-store")


@pytest.mark.contract(*ROW)
def test_a_device_waits_and_then_has_tokens_as_any_client(alice, acme_tv, later):
    codes = acme_tv.ask_for_codes(scope="user:read projects:read")
    assert is_refused(acme_tv.poll(codes["device_code"]), "authorization_pending")
    respond(signed_in(alice), codes["user_code"])
    later(seconds=6)
    tokens = acme_tv.poll(codes["device_code"])
    assert (tokens.status, tokens["scope"], tokens["expires_in"]) == (200, "user:read projects:read", 3600)
    assert tokens.headers["Cache-Control"] == "no-store"
    assert profile(tokens["access_token"])["user"]["email"] == "alice@example.com"


@pytest.mark.contract(*ROW)
def test_its_refresh_token_rotates_and_its_reuse_ends_the_family(alice, acme_tv, later):
    first = acme_tv.poll(acme_tv.code_allowed_by(alice))
    second = acme_tv.refresh(first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    later(seconds=31)
    assert acme_tv.refresh(first["refresh_token"]).error == "invalid_grant"
    assert profile(second["access_token"]).status == 401


@pytest.mark.contract(*ROW)
def test_a_person_who_cancels_is_told_to_the_device(alice, acme_tv):
    codes = acme_tv.ask_for_codes()
    assert "Nothing was allowed." in respond(signed_in(alice), codes["user_code"], "cancel").content.decode()
    assert is_refused(acme_tv.poll(codes["device_code"]), "access_denied")
    assert not Consent.objects.exists()


def test_attack_083_polling_too_early_is_slowed_down_by_five_seconds_each_time(acme_tv, later):
    device_code = acme_tv.ask_for_codes()["device_code"]
    said = [acme_tv.poll(device_code).error]
    for seconds in (4, 9, 14, 20):
        later(seconds=seconds)
        said.append(acme_tv.poll(device_code).error)
    assert said == ["authorization_pending", *["slow_down"] * 3, "authorization_pending"]
    assert DeviceGrant.objects.get().interval_seconds == 20


def test_polls_at_the_interval_are_not_slowed_down(acme_tv, later):
    device_code = acme_tv.ask_for_codes()["device_code"]
    for _ in range(4):
        assert acme_tv.poll(device_code).error == "authorization_pending"
        later(seconds=5)
    assert DeviceGrant.objects.get().interval_seconds == 5


def test_who_polled_too_fast_has_tokens_all_the_same_once_allowed(alice, acme_tv):
    codes = acme_tv.ask_for_codes()
    for _ in range(3):
        acme_tv.poll(codes["device_code"])
    respond(signed_in(alice), codes["user_code"])
    assert acme_tv.poll(codes["device_code"]).status == 200


@pytest.mark.contract("oauth.md", "Rate limits", "token")
def test_polls_do_not_count_against_the_clients_limit(acme_tv, later, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"token": (2, 60)}
    device_code = acme_tv.ask_for_codes()["device_code"]
    assert {acme_tv.poll(device_code).status for _ in range(5)} == {400}
    assert acme_tv.refresh("x").headers["RateLimit"].startswith('"token";r=1;')


def test_polls_for_a_code_that_is_not_the_clients_do_count(acme_tv, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"token": (2, 60)}
    assert [acme_tv.poll("unknown").status for _ in range(3)] == [400, 400, 429]


def test_polls_for_a_code_that_has_its_answer_do_count(alice, acme_tv, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"token": (2, 60)}
    codes = acme_tv.ask_for_codes()
    respond(signed_in(alice), codes["user_code"], "cancel")
    assert [acme_tv.poll(codes["device_code"]).status for _ in range(3)] == [400, 400, 429]


def test_attack_084_another_client_gets_nothing_and_spoils_nothing(alice, acme_tv):
    other = Device(native_application("Other TV", redirect_uris="", allows_device_grant=True))
    device_code = acme_tv.code_allowed_by(alice)
    assert is_refused(other.poll(device_code))
    assert acme_tv.poll(device_code).status == 200


def test_attack_084_a_used_device_code_gives_nothing_and_ends_nothing(alice, acme_tv):
    device_code = acme_tv.code_allowed_by(alice)
    tokens = acme_tv.poll(device_code)
    assert is_refused(acme_tv.poll(device_code))
    assert TokenFamily.objects.count() == 1
    assert profile(tokens["access_token"]).status == 200


@pytest.mark.parametrize("choice", [None, "allow", "cancel"])
def test_attack_084_after_fifteen_minutes_the_code_has_expired_whatever_was_answered(alice, acme_tv, later, choice):
    codes = acme_tv.ask_for_codes()
    if choice:
        respond(signed_in(alice), codes["user_code"], choice)
    later(seconds=900)
    assert is_refused(acme_tv.poll(codes["device_code"]), "expired_token")
    assert not TokenFamily.objects.exists()


def test_an_unknown_code_and_none_at_all(acme_tv):
    assert is_refused(acme_tv.poll("unknown"))
    assert is_refused(acme_tv.poll(""), "invalid_request")


@pytest.mark.contract("oauth.md", "Clients", "grants")
def test_a_client_without_device_login_may_not_poll(alice, acme_tv):
    device_code = acme_tv.code_allowed_by(alice)
    acme_tv.application.allows_device_grant = False
    acme_tv.application.save()
    assert is_refused(acme_tv.poll(device_code), "unauthorized_client")


@pytest.mark.contract("oauth.md", "Clients", "disabling")
def test_a_disabled_client_gets_nothing_and_enabled_again_the_code_is_dead(alice, acme_tv):
    device_code = acme_tv.code_allowed_by(alice)
    clients.disable(acme_tv.application, timezone.now())
    assert acme_tv.poll(device_code).status == 401
    clients.enable(acme_tv.application, timezone.now())
    assert is_refused(acme_tv.poll(device_code))


def test_a_removed_scope_ends_the_device_codes_that_ask_for_it(alice, acme_tv):
    device_code = acme_tv.code_allowed_by(alice, scope="projects:read")
    less = replace(client_details.of(acme_tv.application), allowed_scopes=("user:read",))
    clients.change(acme_tv.application, less, logo=None, now=timezone.now())
    assert is_refused(acme_tv.poll(device_code))


@pytest.mark.contract("oauth.md", "What the user can do", "/account/apps")
def test_revoked_under_connected_apps_before_it_was_fetched(alice, acme_tv):
    device_code = acme_tv.code_allowed_by(alice)
    browser = signed_in(alice)
    assert "Acme TV" in browser.get("/account/apps").content.decode()
    browser.post(f"/account/apps/{acme_tv.application.pk}/revoke")
    assert is_refused(acme_tv.poll(device_code))


def test_revoked_under_connected_apps_after_it_was_fetched(alice, acme_tv):
    tokens = acme_tv.poll(acme_tv.code_allowed_by(alice))
    signed_in(alice).post(f"/account/apps/{acme_tv.application.pk}/revoke")
    assert profile(tokens["access_token"]).status == 401
    assert acme_tv.refresh(tokens["refresh_token"]).error == "invalid_grant"


@pytest.mark.contract("oauth.md", "token", "password ends all")
def test_a_new_password_ends_a_device_code_that_was_allowed_before(alice, acme_tv):
    device_code = acme_tv.code_allowed_by(alice)
    alice.set_password("another good password")
    alice.save()
    assert is_refused(acme_tv.poll(device_code))


def test_somebody_switched_off_gets_no_device_in(alice, acme_tv):
    device_code = acme_tv.code_allowed_by(alice)
    alice.is_active = False
    alice.save()
    assert is_refused(acme_tv.poll(device_code))


def test_another_resource_is_refused_and_the_code_is_kept(alice, acme_tv):
    device_code = acme_tv.code_allowed_by(alice)
    assert is_refused(acme_tv.poll(device_code, resource="https://elsewhere.example"), "invalid_target")
    assert acme_tv.poll(device_code).status == 200


def test_discovery_names_the_endpoint_and_the_grant(db):
    metadata = Client().get("/.well-known/oauth-authorization-server").json()
    assert metadata["device_authorization_endpoint"] == "http://localhost:8000/api/oauth/v1/device_authorization"
    assert "urn:ietf:params:oauth:grant-type:device_code" in metadata["grant_types_supported"]


@pytest.mark.contract("oauth.md", "token", "id_token")
def test_a_device_that_asks_for_openid_gets_an_id_token_at_once_and_at_each_refresh(alice, acme_tv, later):
    acme_tv.application.allowed_scopes = "openid email"
    acme_tv.application.save()
    tokens = acme_tv.poll(acme_tv.code_allowed_by(alice, scope="openid email"))
    said = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert (said["sub"], said["aud"], said["email"]) == (
        str(alice.pk),
        acme_tv.application.client_id,
        "alice@example.com",
    )
    assert "nonce" not in said
    again = acme_tv.refresh(tokens["refresh_token"])["id_token"]
    assert jwt.decode(again, options={"verify_signature": False})["auth_time"] == said["auth_time"]
