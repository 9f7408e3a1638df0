"""POST token: what comes in, and who says so."""

import base64
import json

import pytest
from django.test import Client

from oauth_provider.models import AccessToken, ClientSecret
from tests.cast import ACME_SECRET, add_secret
from tests.clients import TOKEN, answer

BEARER_FREE = {"HTTP_AUTHORIZATION": ""}


def post(body, content_type="application/json", **headers):
    return answer(Client().post(TOKEN, body, content_type=content_type, headers=headers))


def basic(client_id, secret):
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


@pytest.fixture
def form(alice, acme_app):
    """The fields of a good exchange, without any client authentication."""
    return {
        "grant_type": "authorization_code",
        "code": acme_app.code_for(alice),
        "redirect_uri": acme_app.redirect_uri,
        "code_verifier": "v" * 43,
    }


def test_attack_049_only_post(db):
    response = Client().get(TOKEN)
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert response.json()["error"] == "invalid_request"


def test_attack_049_the_query_is_not_read(form, acme_app):
    query = "&".join(f"{name}={value}" for name, value in form.items())
    response = Client().post(f"{TOKEN}?{query}", acme_app.credentials(), content_type="application/json")
    assert response.json()["error"] == "invalid_request"


BROKEN = [
    (b"{", 400),
    (b"[]", 400),
    (b"[1]", 400),
    (b'"text"', 400),
    (b"null", 400),
    (b'{"grant_type": ["authorization_code"]}', 400),
    (b'{"grant_type": {"a": 1}}', 400),
    (b'{"grant_type": 1}', 400),
    (b'{"grant_type": "a", "grant_type": "b"}', 400),
    (b'{"grant_type": "\\u0000"}', 400),
    (b'{"client_id": "\\ud800"}', 400),
    (b'{"\\ud800": "x"}', 400),
    (b'{"client_id": NaN}', 400),
    (b"\xff\xfe", 400),
    (b"[" * 100_000, 400),
    (b'{"a": "' + b"x" * 1024 * 1024 + b'"}', 413),
]


@pytest.mark.contract("README.md", "Rules for all of them", "5")
@pytest.mark.contract("README.md", "Rules for all of them", "3")
@pytest.mark.parametrize(("body", "status"), BROKEN, ids=range(len(BROKEN)))
def test_attack_050_a_body_that_is_not_one(db, body, status):
    answer = post(body)
    assert answer.status == status
    assert answer.error == "invalid_request"
    assert answer["message"] == answer["error_description"]


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "application/xml"])
def test_attack_050_a_content_type_that_we_do_not_read(db, content_type):
    assert post(b"grant_type=x", content_type=content_type).status == 415


@pytest.mark.parametrize("body", ["grant_type=a&grant_type=b", "client_id=%ff", "a=%00", "&".join(["a=b"] * 200)])
def test_attack_050_a_broken_form(db, body):
    assert post(body, content_type="application/x-www-form-urlencoded").status == 400


@pytest.mark.contract("oauth.md", "token", "body")
def test_a_form_works_as_well_as_json(form, acme_app):
    body = "&".join(f"{name}={value}" for name, value in {**form, **acme_app.credentials()}.items())
    assert post(body, content_type="application/x-www-form-urlencoded; charset=utf-8").status == 200


def test_null_and_empty_count_as_absent(form, acme_app):
    assert post({**form, **acme_app.credentials(), "scope": None, "resource": ""}).status == 200


@pytest.mark.contract("oauth.md", "token", "client authentication")
def test_attack_051_a_wrong_secret_by_basic(form, acme_app):
    answer = post(form, authorization=basic(acme_app.application.client_id, "wrong"))
    assert (answer.status, answer.error) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_attack_051_a_wrong_secret_in_the_body(form, acme_app):
    answer = post({**form, **acme_app.credentials(), "client_secret": "wrong"})
    assert (answer.status, answer.error) == (401, "invalid_client")
    assert "WWW-Authenticate" not in answer.headers


def test_attack_052_basic_is_form_encoded_first(form, acme_app):
    encoded = acme_app.application.client_id.replace("_", "%5F")
    assert post(form, authorization=basic(encoded, ACME_SECRET.replace("_", "%5F"))).status == 200


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic //8=", "Basic " + base64.b64encode(b"x").decode()])
def test_attack_052_a_basic_header_that_is_none(form, header):
    assert post(form, authorization=header).error == "invalid_client"


@pytest.mark.contract("oauth.md", "token", "two methods")
def test_attack_053_two_methods_at_once(form, acme_app):
    header = basic(acme_app.application.client_id, ACME_SECRET)
    assert post({**form, **acme_app.credentials()}, authorization=header).error == "invalid_request"
    assert post({**form, "client_id": "clf_other"}, authorization=header).error == "invalid_request"
    assert post({**form, "client_id": acme_app.application.client_id}, authorization=header).status == 200


def test_attack_054_a_confidential_client_needs_its_secret(form, acme_app):
    assert post({**form, "client_id": acme_app.application.client_id}).error == "invalid_client"


@pytest.mark.contract("oauth.md", "token", "client authentication")
def test_attack_054_a_public_client_stays_public(alice, acme_cli):
    acme_cli.secret = "gcs_whatever"
    tokens = acme_cli.tokens_for(alice)
    assert tokens.status == 200
    assert acme_cli.refresh(tokens["refresh_token"])["refresh_token"] != tokens["refresh_token"]


@pytest.mark.contract("oauth.md", "Clients", "secrets")
def test_attack_055_an_overlap_ends(form, acme_app, later):
    old = ClientSecret.objects.get()
    add_secret(acme_app.application, "gcs_" + "n" * 43, slot=2)
    old.expires_at = old.created_at.replace(year=old.created_at.year + 1)
    old.save()
    assert post({**form, **acme_app.credentials()}).status == 200
    later(days=366)
    assert post({**form, **acme_app.credentials()}).error == "invalid_client"
    assert post({**form, **acme_app.credentials(), "client_secret": "gcs_" + "n" * 43}).error == "invalid_grant"


@pytest.mark.parametrize("grant_type", ["password", "implicit", "urn:x", "authorization-code"])
def test_attack_058_a_grant_type_that_nobody_has(acme_app, grant_type):
    assert acme_app.post_token(grant_type=grant_type).error == "unsupported_grant_type"


@pytest.mark.contract("oauth.md", "Clients", "grants")
@pytest.mark.contract("oauth.md", "token", "errors")
def test_attack_058_a_grant_type_that_this_client_has_not(acme_app, acme_cli, meter):
    assert acme_app.post_token(grant_type="client_credentials").error == "unauthorized_client"
    assert acme_cli.post_token(grant_type="client_credentials").error == "unauthorized_client"
    assert meter.redeem("some-code").error == "unauthorized_client"


@pytest.mark.contract("oauth.md", "token", "machine token")
@pytest.mark.contract("oauth.md", "token", "client_credentials")
def test_a_machine_acts_for_itself(meter):
    tokens = meter.post_token(grant_type="client_credentials", scope="usage:write")
    assert tokens.status == 200
    assert "refresh_token" not in tokens.body
    payload = tokens["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert claims["sub"] == claims["client_id"] == meter.application.client_id
    assert "email" not in claims


@pytest.mark.parametrize("scope", ["user:read", "usage:write user:read", " ", "admin", "usage:write\tusage:write"])
def test_a_machine_gets_what_it_is_allowed(meter, scope):
    assert meter.post_token(grant_type="client_credentials", scope=scope).error == "invalid_scope"
    assert not AccessToken.objects.exists()


def test_attack_060_an_unknown_client_is_told_the_same(form, acme_app):
    unknown = post({**form, "client_id": "clf_unknown", "client_secret": "x"})
    wrong = post({**form, **acme_app.credentials(), "client_secret": "x"})
    assert (unknown.status, unknown.body) == (wrong.status, wrong.body)


def test_a_secrets_use_is_noted_once_a_minute(alice, acme_app, later):
    acme_app.tokens_for(alice)
    first = ClientSecret.objects.get().last_used_at
    acme_app.tokens_for(alice)
    assert ClientSecret.objects.get().last_used_at == first is not None
    later(seconds=61)
    acme_app.refresh("grt_x")
    assert ClientSecret.objects.get().last_used_at > first


def test_a_foreign_resource_is_refused(form, acme_app):
    assert post({**form, **acme_app.credentials(), "resource": "https://other.example"}).error == "invalid_target"
