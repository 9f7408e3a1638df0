"""/account/apps: what has access, and an end to it on the next request."""

import pytest
from django.test import Client
from django.utils import timezone

from oauth_provider import clients
from oauth_provider.models import Consent
from tests.cast import signed_in
from tests.clients import profile


@pytest.mark.contract("oauth.md", "What the user can do", "/account/apps")
def test_a_card_for_each_application(alice, acme_app, acme_cli):
    acme_app.tokens_for(alice, scope="user:read projects:write")
    acme_cli.tokens_for(alice)
    page = signed_in(alice).get("/account/apps").content.decode()
    assert "Acme CLI" in page
    assert "Create, change, pause and delete your projects" in page


@pytest.mark.contract("oauth.md", "What the user can do", "/account/apps")
def test_revoking_ends_tokens_codes_and_the_remembered_consent(alice, acme_app):
    tokens, code = acme_app.tokens_for(alice), acme_app.code_for(alice)
    browser = signed_in(alice)
    assert browser.post(f"/account/apps/{acme_app.application.pk}/revoke").status_code == 302
    assert profile(tokens["access_token"]).status == 401
    assert acme_app.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert acme_app.redeem(code).error == "invalid_grant"
    assert acme_app.ask(browser).status_code == 200


def test_revoking_one_leaves_the_other_and_the_other_person(alice, bob, acme_app, acme_cli):
    cli, bobs = acme_cli.tokens_for(alice), acme_app.tokens_for(bob)
    acme_app.tokens_for(alice)
    signed_in(alice).post(f"/account/apps/{acme_app.application.pk}/revoke")
    assert profile(cli["access_token"]).status == profile(bobs["access_token"]).status == 200


def test_revoke_all(alice, acme_app, acme_cli):
    tokens = [app.tokens_for(alice)["access_token"] for app in (acme_app, acme_cli)]
    signed_in(alice).post("/account/apps/revoke-all")
    assert {profile(token).status for token in tokens} == {401}
    assert not Consent.objects.exists()


def test_what_mallory_never_allowed_is_not_there_to_revoke(alice, mallory, acme_app):
    tokens = acme_app.tokens_for(alice)
    assert signed_in(mallory).post(f"/account/apps/{acme_app.application.pk}/revoke").status_code == 404
    assert profile(tokens["access_token"]).status == 200


def test_a_number_that_no_application_can_have_is_not_there_either(alice):
    assert signed_in(alice).post(f"/account/apps/{10**30}/revoke").status_code == 404


def test_a_get_revokes_nothing_and_a_stranger_signs_in_first(alice, acme_app):
    acme_app.tokens_for(alice)
    assert signed_in(alice).get(f"/account/apps/{acme_app.application.pk}/revoke").status_code == 405
    assert Client().get("/account/apps")["Location"].startswith("/accounts/login/")
    assert Consent.objects.exists()


def test_a_switched_off_application_says_so(alice, acme_app):
    acme_app.tokens_for(alice)
    clients.disable(acme_app.application, timezone.now())
    assert "Switched off" in signed_in(alice).get("/account/apps").content.decode()


def test_nothing_has_access(alice):
    assert signed_in(alice).get("/account/apps").status_code == 200
