import re

import pytest


def test_a_person_is_signed_in_and_the_application_reads_the_profile(alice, acme_app):
    tokens = acme_app.tokens_for(alice, scope="user:read organizations:read")

    assert tokens.status == 200
    assert set(tokens.body) == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert acme_app.profile(tokens["access_token"])["user"]["email"] == "alice@example.com"


def test_a_cli_on_any_port_does_the_same(alice, acme_cli):
    tokens = acme_cli.tokens_for(alice)

    assert acme_cli.profile(tokens["access_token"]).status == 200
    again = acme_cli.refresh(tokens["refresh_token"])
    assert again.status == 200
    assert again["refresh_token"] != tokens["refresh_token"]


def test_a_code_used_twice_takes_back_what_it_gave(alice, acme_app):
    code = acme_app.code_for(alice)
    tokens = acme_app.redeem(code)
    again = acme_app.redeem(code)
    assert (again.status, again.error) == (400, "invalid_grant")
    assert acme_app.profile(tokens["access_token"]).status == 401
    assert acme_app.refresh(tokens["refresh_token"]).error == "invalid_grant"


@pytest.mark.contract("oauth.md", "Clients", "client_id")
def test_a_client_id_is_clf_and_22_characters(acme_app):
    assert re.fullmatch(r"clf_[A-Za-z0-9_-]{22}", acme_app.application.client_id)
