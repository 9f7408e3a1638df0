import pytest
from django.test import Client

from oauth_provider.models import TokenFamily
from tests.clients import profile


@pytest.mark.contract("oauth.md", "Other endpoints under /api/oauth/v1", "POST revoke")
def test_revoking_a_refresh_token_ends_its_access_tokens(alice, acme_app):
    tokens = acme_app.tokens_for(alice)
    answer = acme_app.revoke(tokens["refresh_token"])
    assert (answer.status, answer.body) == (200, {"success": True})
    assert answer.headers["Cache-Control"] == "no-store"
    assert profile(tokens["access_token"]).status == 401
    assert acme_app.refresh(tokens["refresh_token"]).error == "invalid_grant"


def test_revoking_an_access_token_ends_that_one(alice, acme_cli):
    tokens = acme_cli.tokens_for(alice)
    acme_cli.revoke(tokens["access_token"], token_type_hint="refresh_token")
    assert profile(tokens["access_token"]).status == 401
    assert acme_cli.refresh(tokens["refresh_token"]).status == 200


@pytest.mark.parametrize("token", ["unknown", "grt_" + "A" * 70, "eyJ.a.b", "ü"])
def test_an_unknown_token_is_no_error(acme_app, token):
    assert acme_app.revoke(token).body == {"success": True}


def test_attack_078_another_clients_token_is_left_alone(alice, acme_app, acme_cli):
    tokens = acme_app.tokens_for(alice)
    for token in (tokens["refresh_token"], tokens["access_token"]):
        assert acme_cli.revoke(token).body == {"success": True}
    assert profile(tokens["access_token"]).status == 200
    assert acme_app.refresh(tokens["refresh_token"]).status == 200


def test_attack_078_a_client_that_did_not_prove_itself(alice, acme_app):
    tokens = acme_app.tokens_for(alice)
    assert acme_app.revoke(tokens["access_token"], client_secret="wrong").status == 401
    assert acme_app.revoke(tokens["access_token"], client_id="clf_unknown").error == "invalid_client"
    assert profile(tokens["access_token"]).status == 200


def test_a_superseded_token_ends_the_family_too(alice, acme_cli):
    first = acme_cli.tokens_for(alice)
    acme_cli.refresh(first["refresh_token"])
    acme_cli.revoke(first["refresh_token"])
    assert TokenFamily.objects.get().end_reason == "revoked"


def test_a_missing_token_is_an_error(acme_app):
    assert acme_app.revoke("").error == "invalid_request"


def test_a_form_and_only_post(acme_app):
    form = "&".join(f"{name}={value}" for name, value in acme_app.credentials().items()) + "&token=x"
    response = Client().post("/api/oauth/v1/revoke", form, content_type="application/x-www-form-urlencoded")
    assert response.json() == {"success": True}
    assert Client().get("/api/oauth/v1/revoke").status_code == 405
