"""partnership.md, "The authorization code": verified as a project's own backend does it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet

from oauth_provider import keys
from partnership.models import Project
from tests.clients import answer

SECTION = ("partnership.md", "The authorization code")


def published() -> KeySet:
    response = Client().get("/.well-known/jwks.json")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cache-Control"] == "public, max-age=300"
    return KeySet.import_key_set(response.json())


@pytest.mark.contract(*SECTION, "code")
@pytest.mark.contract("partnership.md", "White-label", "POST `:projectId/authorization`")
def test_a_backend_verifies_the_code(globex, shop, time_machine):
    time_machine.move_to(1_800_000_000, tick=False)
    given = globex.post(f"{shop}/authorization")

    assert (given.status, set(given.body)) == (200, {"code", "expires_in", "type"})
    assert (given["expires_in"], given["type"]) == (600, "Bearer")
    token = jwt.decode(given["code"], published(), algorithms=["RS256"])
    assert token.header["kid"] in [key.kid for key in published().keys]
    assert set(token.claims) == {"projectId", "userId", "type", "iat", "exp", "iss", "aud", "jti"}
    assert token.claims["projectId"] == token.claims["aud"] == shop
    assert token.claims["userId"] == f"partner:{globex.partner.pk}"
    assert token.claims["type"] == "project_authorization"
    assert token.claims["exp"] - token.claims["iat"] == 600


def test_every_code_has_an_id_of_its_own(globex, shop):
    ids = {jwt.decode(globex.post(f"{shop}/authorization")["code"], published()).claims["jti"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("status", ["creating", "paused", "failed"])
def test_only_an_active_project_is_entered(globex, shop, status):
    Project.objects.update(status=status)
    refused = globex.post(f"{shop}/authorization")
    assert (refused.status, refused["code"]) == (409, "invalid_state")


def test_the_two_key_sets_share_no_key(globex, shop):
    ours = {key["kid"] for key in Client().get("/.well-known/jwks.json").json()["keys"]}
    theirs = {key["kid"] for key in Client().get("/api/oauth/v1/jwks.json").json()["keys"]}
    assert ours
    assert not ours & theirs


def test_attack_070_a_project_code_is_no_access_token(globex, shop):
    code = globex.post(f"{shop}/authorization")["code"]
    refused = answer(Client().get("/auth/v1/profile", headers={"Authorization": f"Bearer {code}"}))
    assert refused.status == 401


@pytest.mark.contract(*SECTION, "rotation")
def test_a_backend_that_caches_for_ten_minutes_survives_a_rotation(globex, shop, time_machine):
    """Minute by minute over an hour: what is signed now verifies with a set fetched up to ten minutes ago."""
    start = timezone.now()
    fetched: list[KeySet] = []
    codes: list[str] = []
    for minute in range(60):
        time_machine.move_to(start + timedelta(minutes=minute), tick=False)
        if minute == 20:
            keys.rotate(timezone.now(), at_once=True)
        fetched.append(published())
        codes.append(globex.post(f"{shop}/authorization")["code"])
        newest_against_cached = [(codes[-1], key_set) for key_set in fetched[-11:]]
        cached_against_newest = [(code, fetched[-1]) for code in codes[-10:]]
        for code, key_set in newest_against_cached + cached_against_newest:
            assert jwt.decode(code, key_set)
    kids = {jwt.decode(code, fetched[-1]).header["kid"] for code in codes}
    assert len(kids) == 2
