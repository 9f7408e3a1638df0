"""Keys and policy of a client in the admin."""

import json

import pytest

from oauth_provider.models import ClientSecret
from oauth_provider.public_keys import read_set
from tests.oauth.test_admin_clients import add, change, registered, secret_in, staff_browser  # noqa: F401 a fixture
from tests.proofs import Holder

HOLDER = Holder()


def test_a_client_with_keys_gets_no_secret(staff_browser):  # noqa: F811
    page, _form = add(staff_browser, kind="machine", jwks=HOLDER.jwks, is_strict="on", requires_dpop="on")
    client = registered()
    assert read_set(client.jwks)[0]["kid"] == HOLDER.kid
    assert (client.is_strict, client.requires_dpop, client.uses_keys) == (True, True, True)
    assert secret_in(page) is None
    assert not ClientSecret.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"jwks": "x"},
        {"jwks": "[]"},
        {"jwks": '{"keys": []}'},
        {"jwks": json.dumps({"keys": [{**HOLDER.jwk, "d": "x"}]})},
        {"jwks": json.dumps({"keys": [{"kty": "oct", "k": "eA"}]})},
        {"jwks": json.dumps({"keys": [{**HOLDER.jwk, "crv": "P-384"}]})},
        {"jwks": "[" * 5000},
        {"jwks": " " * 20_000 + HOLDER.jwks},
        {"jwks": HOLDER.jwks, "jwks_uri": "https://robot.example/keys"},
        {"jwks_uri": "http://robot.example/keys"},
        {"jwks_uri": "ftp://robot.example/keys"},
        {"jwks_uri": "x"},
    ],
)
def test_keys_that_are_none_are_refused(staff_browser, changes):  # noqa: F811
    response, _form = add(staff_browser, kind="machine", **changes)
    assert response.status_code == 200
    assert not ClientSecret.objects.exists()


def test_a_public_client_has_no_keys(staff_browser):  # noqa: F811
    add(staff_browser, jwks=HOLDER.jwks, keeps_secret="")
    assert not ClientSecret.objects.exists()


def test_staff_give_a_client_keys_and_take_them_back(staff_browser, acme_app):  # noqa: F811
    assert (
        change(staff_browser, acme_app.application, jwks_uri="https://acme.example/keys", is_strict="on").status_code
        == 302
    )
    acme_app.application.refresh_from_db()
    assert (acme_app.application.uses_keys, acme_app.application.is_strict) == (True, True)
    assert change(staff_browser, acme_app.application, jwks_uri="").status_code == 302
    acme_app.application.refresh_from_db()
    assert (acme_app.application.uses_keys, acme_app.application.is_strict) == (False, True)
