"""Sign-in with an account elsewhere: off until a client id is given."""

from django.test import Client

from config.upstream import upstream_origins, upstream_providers


def given(**values):
    return values.get


def test_nothing_is_offered_at_first(db):
    assert upstream_providers(given()) == {}
    assert upstream_origins(given()) == []
    assert "/accounts/google/login/" not in Client().get("/accounts/login/").content.decode()


def test_a_client_id_offers_its_provider_and_lets_the_form_lead_there():
    chosen = given(GOOGLE_CLIENT_ID="g", GITHUB_CLIENT_ID="h")
    assert list(upstream_providers(chosen)) == ["google", "github"]
    assert upstream_origins(chosen) == ["https://accounts.google.com", "https://github.com"]


def test_any_openid_provider_is_named_by_its_issuer():
    chosen = given(OIDC_CLIENT_ID="o", OIDC_ISSUER="https://id.acme.example/realm", OIDC_NAME="Acme")
    (app,) = upstream_providers(chosen)["openid_connect"]["APPS"]
    assert (app["name"], app["settings"]) == ("Acme", {"server_url": "https://id.acme.example/realm"})
    assert upstream_origins(chosen) == ["https://id.acme.example"]
