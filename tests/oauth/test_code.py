"""grant_type=authorization_code: bound to everything it was given for, and used once."""

import logging

import pytest
from django.utils import timezone

from oauth_provider import consent
from oauth_provider.models import AccessToken, Code, TokenFamily
from tests.cast import native_application, signed_in, web_application
from tests.clients import VERIFIER, OAuthClient


def refused(answer):
    return (answer.status, answer.error) == (400, "invalid_grant")


@pytest.mark.contract("oauth.md", "token", "answer")
@pytest.mark.contract("oauth.md", "token", "no-store")
@pytest.mark.contract("oauth.md", "token", "authorization_code")
def test_a_code_gives_tokens_that_no_cache_keeps(alice, acme_app):
    answer = acme_app.redeem(acme_app.code_for(alice))
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 3600, "user:read")


@pytest.mark.contract("oauth.md", "authorize", "second use")
def test_attack_041_a_second_use_ends_what_the_first_gave(alice, acme_app):
    code = acme_app.code_for(alice)
    tokens = acme_app.redeem(code)
    assert refused(acme_app.redeem(code))
    assert acme_app.profile(tokens["access_token"]).status == 401
    assert refused(acme_app.refresh(tokens["refresh_token"]))


@pytest.mark.contract("oauth.md", "authorize", "code lifetime")
def test_attack_043_a_code_lives_five_minutes(alice, acme_app, later):
    young, old = acme_app.code_for(alice), acme_app.code_for(alice)
    later(seconds=299)
    assert acme_app.redeem(young).status == 200
    later(seconds=2)
    assert refused(acme_app.redeem(old))


def test_attack_044_another_clients_code(alice, acme_app, acme_cli):
    code = acme_app.code_for(alice)
    assert refused(acme_cli.redeem(code, redirect_uri=acme_app.redirect_uri))
    assert acme_app.redeem(code).status == 200


@pytest.mark.parametrize("address", ["https://acme.example/other", "https://acme.example/callback?", None])
def test_attack_045_another_redirect_uri(alice, acme_app, address):
    assert refused(acme_app.redeem(acme_app.code_for(alice), redirect_uri=address))


def test_attack_045_another_loopback_port(alice, acme_cli):
    assert refused(acme_cli.redeem(acme_cli.code_for(alice), redirect_uri="http://127.0.0.1:53124/callback"))


@pytest.mark.parametrize(
    ("verifier", "error"),
    [("w" * 43, "invalid_grant"), ("v" * 42, "invalid_grant"), ("ü" * 43, "invalid_grant"), (None, "invalid_request")],
)
def test_attack_046_the_verifier_must_fit(alice, acme_app, verifier, error):
    assert acme_app.redeem(acme_app.code_for(alice), code_verifier=verifier).error == error


def test_attack_046_an_empty_verifier_counts_as_absent(alice, acme_app):
    assert acme_app.redeem(acme_app.code_for(alice), code_verifier="").error == "invalid_request"


def test_attack_046_a_slip_is_forgiven_and_guessing_is_not(alice, acme_cli):
    code = acme_cli.code_for(alice)
    assert refused(acme_cli.redeem(code, code_verifier="w" * 43))
    assert acme_cli.redeem(code).status == 200
    guessed = acme_cli.code_for(alice)
    for _ in range(5):
        assert refused(acme_cli.redeem(guessed, code_verifier="w" * 43))
    assert refused(acme_cli.redeem(guessed))


def revoke_the_app(alice, app):
    consent.revoke(app.application, alice, timezone.now())


def change_the_password(alice, app):
    alice.set_password("another good password")
    alice.save()


def disable_the_person(alice, app):
    alice.is_active = False
    alice.save()


def disable_the_client(alice, app):
    app.application.is_enabled = False
    app.application.save()


ENDS = [revoke_the_app, change_the_password, disable_the_person, disable_the_client]


@pytest.mark.contract("oauth.md", "token", "password ends all")
@pytest.mark.contract("oauth.md", "Clients", "disabling")
@pytest.mark.parametrize("end", ENDS)
def test_attack_047_a_code_dies_with_what_it_stood_on(alice, acme_app, end):
    code = acme_app.code_for(alice)
    end(alice, acme_app)
    assert acme_app.redeem(code).error in ("invalid_grant", "invalid_client")
    assert not AccessToken.objects.exists()


@pytest.mark.contract("oauth.md", "token", "stored hashed")
def test_attack_048_the_database_and_the_log_hold_only_digests(alice, acme_app, caplog):
    caplog.set_level(logging.DEBUG)
    code = acme_app.code_for(alice)
    tokens = acme_app.redeem(code)
    acme_app.redeem(code)
    kept = " ".join(repr(row) for model in (Code, AccessToken, TokenFamily) for row in model.objects.values())
    written = " ".join(record.getMessage() for record in caplog.records)
    for secret in (code, tokens["access_token"], tokens["refresh_token"], acme_app.secret, VERIFIER):
        assert secret not in kept
        assert secret not in written


def test_a_code_is_not_anothers_to_end(alice, acme_app, acme_cli):
    code = acme_app.code_for(alice)
    tokens = acme_app.redeem(code)
    assert refused(acme_cli.redeem(code))
    assert acme_app.profile(tokens["access_token"]).status == 200


def test_two_people_get_their_own_tokens(alice, bob, acme_app):
    hers, his = acme_app.tokens_for(alice), acme_app.tokens_for(bob)
    assert acme_app.profile(hers["access_token"])["user"]["name"] == "Alice Example"
    assert acme_app.profile(his["access_token"])["user"]["name"] == "Bob Example"


@pytest.mark.contract("oauth.md", "Clients", "private-use schemes")
@pytest.mark.contract("oauth.md", "Clients", "redirect URIs")
@pytest.mark.parametrize("address", ["vscode://acme.extension/callback", "com.acme.app:/callback"])
def test_a_private_scheme_brings_the_code_home(alice, db, address):
    editor = OAuthClient(native_application(redirect_uris=address))
    browser = signed_in(alice)
    response = editor.allow(browser, editor.ask(browser))
    assert response["Location"].startswith(address + "?code=")


def test_a_registered_query_is_kept(alice, db):
    app = OAuthClient(web_application(redirect_uris="https://acme.example/cb?tenant=7"), "gcs_" + "a" * 43)
    assert app.tokens_for(alice).status == 200
