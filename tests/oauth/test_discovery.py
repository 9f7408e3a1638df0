"""Discovery: everything advertised answers, and every answering grant is advertised."""

import pytest
from django.test import Client

from oauth_provider.tokens import GRANTS

BASE = "http://localhost:8000"
DOCUMENTS = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-protected-resource",
    "/api/oauth/v1/jwks.json",
]


@pytest.fixture
def metadata(db):
    return Client().get("/.well-known/oauth-authorization-server").json()


@pytest.mark.contract("oauth.md", "Discovery", "documents")
@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_is_json_and_may_be_cached(db, path):
    response = Client().get(path, headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    assert response["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in response


def test_attack_098_everything_advertised_answers(metadata):
    for name, url in metadata.items():
        if name.endswith(("_endpoint", "_uri")):
            assert Client().get(url.removeprefix(BASE)).status_code in (200, 400, 405), name


def test_attack_098_every_grant_that_answers_is_advertised(metadata):
    assert metadata["grant_types_supported"] == list(GRANTS)
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["code_challenge_methods_supported"] == ["S256"]


@pytest.mark.contract("oauth.md", "Discovery", "issuer")
def test_the_issuer_is_the_base_url_without_a_slash(metadata):
    assert metadata["issuer"] == BASE
    assert metadata["authorization_response_iss_parameter_supported"] is True


@pytest.mark.contract("oauth.md", "Scopes", "usage:write")
@pytest.mark.contract("oauth.md", "Discovery", "scopes_supported")
def test_only_what_a_person_can_grant_is_listed(metadata):
    assert metadata["scopes_supported"] == ["user:read", "organizations:read", "projects:read", "projects:write"]


def test_attack_095_the_host_header_changes_nothing(metadata):
    spoofed = Client().get("/.well-known/oauth-authorization-server", headers={"Host": "localhost:9"})
    assert spoofed.json() == metadata
    forwarded = Client().get("/.well-known/oauth-authorization-server", headers={"X-Forwarded-Host": "evil.example"})
    assert forwarded.json() == metadata
    assert Client().get("/account", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", [path + "/" for path in DOCUMENTS] + ["/.well-known/unknown"])
def test_what_is_not_there_is_404_and_json(db, path):
    response = Client().get(path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"


@pytest.mark.contract("oauth.md", "Discovery", "protected resource")
def test_a_resource_names_its_authorization_server(db):
    document = Client().get("/.well-known/oauth-protected-resource").json()
    assert (document["resource"], document["authorization_servers"]) == (BASE, [BASE])
    assert document["bearer_methods_supported"] == ["header"]
