"""Discovery: everything advertised answers, and every answering grant is advertised."""

import jwt
import pytest
from django.test import Client

from oauth_provider.grants import GRANTS
from tests import cast
from tests.clients import OAuthClient
from tests.contract.routes import STEPS_OF_A_PAGE, all_routes
from tests.oauth.openid import OPENID_SCOPES, verified

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


def advertised_paths(metadata):
    urls = [url for name, url in metadata.items() if name.endswith(("_endpoint", "_uri"))]
    assert all(url.startswith(f"{BASE}/") for url in urls)
    return {url.removeprefix(f"{BASE}/") for url in urls}


def test_attack_098_everything_advertised_answers(metadata):
    for path in advertised_paths(metadata):
        assert Client().get(f"/{path}").status_code in (200, 302, 400, 401, 405), path


def test_attack_098_every_route_that_answers_is_advertised(metadata):
    """Those that name something, a client or a person's own page, are told by the answer before them."""
    routes = {route for route in all_routes() if route.startswith("api/oauth/") and "<" not in route}
    assert routes - set(STEPS_OF_A_PAGE) == advertised_paths(metadata)


def test_attack_098_every_grant_that_answers_is_advertised(metadata):
    assert metadata["grant_types_supported"] == list(GRANTS)
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["code_challenge_methods_supported"] == ["S256"]


def test_attack_098_every_claim_that_is_said_is_advertised(alice, metadata):
    alice.avatar_url = "https://pictures.example/alice.png"
    alice.save()
    portal = OAuthClient(cast.web_application("Portal", allowed_scopes=OPENID_SCOPES), cast.ACME_SECRET)
    token = portal.tokens_for(alice, scope=OPENID_SCOPES, nonce="n")["id_token"]
    assert set(verified(token, portal.application.client_id)) == set(metadata["claims_supported"])
    assert jwt.get_unverified_header(token)["alg"] in metadata["id_token_signing_alg_values_supported"]


def test_attack_098_every_prompt_that_is_advertised_is_understood(alice, acme_app, metadata):
    browser = cast.signed_in(alice)
    answers = {prompt: acme_app.ask(browser, prompt=prompt) for prompt in metadata["prompt_values_supported"]}
    refused = [prompt for prompt, said in answers.items() if "invalid_request" in said.get("Location", "")]
    assert refused == []


def test_mcp_m02_both_documents_are_there_and_one(metadata):
    assert Client().get("/.well-known/openid-configuration").json() == metadata


def test_mcp_m04_pkce_stands_in_the_openid_document_too(db):
    document = Client().get("/.well-known/openid-configuration").json()
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["subject_types_supported"] == ["public"]


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])
def test_mcp_m03_m29_the_document_is_found_at_the_root_alone(db, path):
    """A client builds the address from the issuer and believes only a document that names it again."""
    assert BASE + path == Client().get(path).json()["issuer"] + path
    for wrong in (f"{path}/api/oauth/v1", f"/api/oauth/v1{path}"):
        refused = Client().get(wrong)
        assert (refused.status_code, refused["Content-Type"]) == (404, "application/json")


@pytest.mark.contract("oauth.md", "Discovery", "issuer")
def test_the_issuer_is_the_base_url_without_a_slash(metadata):
    assert metadata["issuer"] == BASE
    assert metadata["authorization_response_iss_parameter_supported"] is True


@pytest.mark.contract("oauth.md", "Scopes", "usage:write")
@pytest.mark.contract("oauth.md", "Discovery", "scopes_supported")
def test_only_what_a_person_can_grant_is_listed(metadata):
    product = ["organizations:read", "projects:read", "projects:write"]
    assert metadata["scopes_supported"] == ["user:read", "openid", "profile", "email", *product]


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
