"""Tokens bound to a key. Source: oauth.md, "DPoP"; RFC 9449; docs/attacks.md, rows 124 to 130."""

import time

import jwt
import pytest
from django.db import connection
from django.test import Client

from oauth_provider.models import AccessToken, TokenFamily, UsedProof
from oauth_provider.public_keys import ALGORITHMS
from tests import cast
from tests.clients import TOKEN, OAuthClient, profile, sent_back
from tests.oauth.test_par import PAR, push, use
from tests.proofs import ISSUER, Holder

DPOP = pytest.mark.contract("oauth.md", "Other endpoints under /api/oauth/v1", "DPoP")
HOLDER, THIEF = Holder(), Holder(number=2)
PROFILE = "/auth/v1/profile"


def bound(client, person, holder=HOLDER, **changes):
    """Tokens of the code grant, with a proof."""
    code = client.code_for(person, **changes)
    values = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    return holder.post_token(client, **values, code_verifier="v" * 43)


@DPOP
@pytest.mark.parametrize("kind", ["public", "confidential"])
def test_a_bound_token_says_so_and_works_with_a_proof(alice, acme_app, acme_cli, kind):
    said = bound(acme_app if kind == "confidential" else acme_cli, alice)
    assert (said.status, said["token_type"]) == (200, "DPoP")
    claims = jwt.decode(said["access_token"], options={"verify_signature": False})
    assert claims["cnf"] == {"jkt": HOLDER.jkt}
    assert AccessToken.objects.get().dpop_jkt == HOLDER.jkt
    assert TokenFamily.objects.get().dpop_jkt == (HOLDER.jkt if kind == "public" else "")
    assert HOLDER.get(PROFILE, said["access_token"]).status == 200


@DPOP
@pytest.mark.parametrize("path", ["/organizations/v1", "/api/oauth/v1/userinfo"])
def test_a_proof_is_needed_wherever_a_token_is(alice, path):
    scopes = f"{cast.PRODUCT_SCOPES} openid"
    client = OAuthClient(cast.web_application(allowed_scopes=scopes), cast.ACME_SECRET)
    token = bound(client, alice, scope=scopes)["access_token"]
    assert HOLDER.get(path, token).status == 200
    assert HOLDER.get(path, token, proof="").status == 401
    assert THIEF.get(path, token).status == 401


@DPOP
def test_machines_send_usage_with_a_proof(meter):
    token = HOLDER.post_token(meter, grant_type="client_credentials")["access_token"]
    for holder, status in ((HOLDER, 400), (THIEF, 401)):
        proof = holder.proof("POST", "/usage/v1/events", token=token)
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        said = Client().post("/usage/v1/events", "x", content_type="application/cloudevents+json", headers=headers)
        assert said.status_code == status


@DPOP
def test_a_device_gets_bound_tokens(alice, acme_tv):
    body = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": acme_tv.code_allowed_by(alice)}
    client = OAuthClient(acme_tv.application, redirect_uri="-")
    assert HOLDER.post_token(client, **body)["token_type"] == "DPoP"
    assert TokenFamily.objects.get().dpop_jkt == HOLDER.jkt


@DPOP
def test_what_is_not_there_is_404_with_a_proof_that_counts_once(alice, acme_app):
    token = bound(acme_app, alice, scope="projects:read")["access_token"]
    assert HOLDER.get("/projects/v1/nothing", token).status == 404


def test_attack_124_a_bound_token_sent_as_bearer(alice, acme_app):
    token = bound(acme_app, alice)["access_token"]
    for proof in (None, ""):
        said = HOLDER.get(PROFILE, token, scheme="Bearer", proof=proof)
        assert (said.status, said["code"]) == (401, "invalid_token")
        assert said.headers["WWW-Authenticate"].startswith('DPoP error="invalid_token", algs="ES256 ')
    assert profile(token).status == 401


def test_attack_124_a_token_that_is_bound_to_nothing_sent_as_dpop(alice, acme_app):
    token = acme_app.tokens_for(alice)["access_token"]
    assert HOLDER.get(PROFILE, token).status == 401
    assert HOLDER.get(PROFILE, token, scheme="Bearer").status == 200


def test_attack_125_a_stolen_token_without_its_key(alice, acme_app):
    token = bound(acme_app, alice)["access_token"]
    for proof in ("", THIEF.proof("GET", PROFILE, token=token), "x", "é"):
        said = THIEF.get(PROFILE, token, proof=proof)
        assert said.status == 401
        assert said.headers["WWW-Authenticate"].startswith("DPoP ")


WRONG = [
    {"htm": "POST"},
    {"htu": f"{ISSUER}/organizations/v1"},
    {"htu": "https://evil.example/auth/v1/profile"},
    {"htu": "http://["},
    {"htu": None},
    {"iat": int(time.time()) - 3600},
    {"iat": int(time.time()) + 3600},
    {"iat": None},
    {"iat": "now"},
    {"jti": None},
    {"jti": 7},
    {"ath": None},
    {"ath": "x" * 43},
    {"ath": "\ud800"},
    {"headers": {"typ": "JWT"}},
    {"headers": {"jwk": THIEF.jwk}},
    {"headers": {"jwk": {**HOLDER.jwk, "d": "x"}}},
    {"headers": {"jwk": {"kty": "oct", "k": "eA"}}},
    {"headers": {"jwk": None}},
    {"headers": {"jwk": "x"}},
]


@pytest.mark.parametrize("changes", WRONG)
def test_attack_126_a_proof_of_something_else(alice, acme_app, changes):
    token = bound(acme_app, alice)["access_token"]
    said = HOLDER.get(PROFILE, token, proof=HOLDER.proof("GET", PROFILE, token=token, **changes))
    assert (said.status, said["code"]) == (401, "invalid_token")
    assert 'DPoP error="invalid_dpop_proof"' in said.headers["WWW-Authenticate"]


def test_attack_126_a_proof_signed_by_a_secret(alice, acme_app):
    token = bound(acme_app, alice)["access_token"]
    claims = jwt.decode(HOLDER.proof("GET", PROFILE, token=token), options={"verify_signature": False})
    forged = jwt.encode(claims, "s" * 32, "HS256", headers={"typ": "dpop+jwt", "jwk": HOLDER.jwk})
    assert HOLDER.get(PROFILE, token, proof=forged).status == 401


def test_attack_127_a_proof_counts_once_here_and_at_the_token_endpoint(alice, acme_app, meter):
    token = bound(acme_app, alice)["access_token"]
    proof = HOLDER.proof("GET", PROFILE, token=token)
    assert [HOLDER.get(PROFILE, token, proof=proof).status for _ in range(2)] == [200, 401]
    proof = HOLDER.proof("POST", TOKEN)
    said = [HOLDER.post_token(meter, proof=proof, grant_type="client_credentials") for _ in range(2)]
    assert [(one.status, one.error) for one in said] == [(200, None), (400, "invalid_dpop_proof")]


@pytest.mark.parametrize("proof", ["x", "", HOLDER.proof("GET", TOKEN), f"{HOLDER.proof('POST', TOKEN)},x"])
def test_attack_127_a_token_request_with_a_broken_proof_leaves_the_code(alice, acme_cli, proof):
    code = acme_cli.code_for(alice)
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": acme_cli.redirect_uri}
    said = HOLDER.post_token(acme_cli, proof=proof, **body, code_verifier="v" * 43)
    assert (said.status, said.error) == (400, "invalid_dpop_proof")
    assert acme_cli.redeem(code).status == 200


def test_attack_128_a_public_clients_refresh_token_needs_its_key(alice, acme_cli):
    tokens = bound(acme_cli, alice)
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert acme_cli.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert THIEF.post_token(acme_cli, **refresh).error == "invalid_grant"
    again = HOLDER.post_token(acme_cli, **refresh)
    assert (again.status, again["token_type"]) == (200, "DPoP")
    assert HOLDER.get(PROFILE, again["access_token"]).status == 200


@DPOP
def test_a_confidential_client_may_change_its_key(alice, acme_app):
    refresh = {"grant_type": "refresh_token", "refresh_token": bound(acme_app, alice)["refresh_token"]}
    other = THIEF.post_token(acme_app, **refresh)
    assert THIEF.get(PROFILE, other["access_token"]).status == 200
    assert acme_app.refresh(refresh["refresh_token"])["token_type"] == "Bearer"


def test_attack_129_a_code_bound_to_a_key_is_redeemed_with_it(alice, acme_cli):
    code = acme_cli.code_for(alice, dpop_jkt=HOLDER.jkt)
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": acme_cli.redirect_uri}
    assert acme_cli.redeem(code).error == "invalid_grant"
    assert THIEF.post_token(acme_cli, **body, code_verifier="v" * 43).error == "invalid_grant"
    assert HOLDER.post_token(acme_cli, **body, code_verifier="v" * 43).status == 200


def test_attack_129_a_proof_at_par_binds_the_code(alice, acme_app):
    browser = cast.signed_in(alice)
    wrong = {"DPoP": THIEF.proof("POST", PAR)}
    assert push(acme_app, headers=wrong, dpop_jkt=HOLDER.jkt).error == "invalid_dpop_proof"
    said = push(acme_app, headers={"DPoP": HOLDER.proof("POST", PAR)})
    page = use(browser, acme_app.application.client_id, said["request_uri"])
    code = sent_back(acme_app.allow(browser, page))["code"]
    assert acme_app.redeem(code).error == "invalid_grant"


@DPOP
@pytest.mark.parametrize("jkt", ["x", "x" * 44, "+" * 43])
def test_a_thumbprint_that_is_none(alice, acme_app, jkt):
    assert sent_back(acme_app.ask(cast.signed_in(alice), dpop_jkt=jkt))["error"] == "invalid_request"


@DPOP
def test_without_a_proof_nothing_is_kept_and_nothing_changes(alice, acme_app):
    said = acme_app.tokens_for(alice)
    assert said["token_type"] == "Bearer"
    assert acme_app.profile(said["access_token"]).status == 200
    assert UsedProof.objects.count() == 0


def test_attack_098_the_algorithms_are_advertised(db):
    for path in ("oauth-authorization-server", "oauth-protected-resource", "oauth-protected-resource/auth/v1"):
        document = Client().get(f"/.well-known/{path}").json()
        assert document["dpop_signing_alg_values_supported"] == list(ALGORITHMS)


STRICT = {"is_strict": True}


@DPOP
def test_a_client_that_has_to_bind_its_tokens(alice):
    client = OAuthClient(cast.web_application(requires_dpop=True), cast.ACME_SECRET)
    assert client.redeem(client.code_for(alice)).error == "invalid_dpop_proof"
    assert bound(client, alice).status == 200


def test_attack_130_a_strict_client_pushes_proves_and_hurries(alice, later):
    later(seconds=0)
    client = OAuthClient(cast.web_application(**STRICT), cast.ACME_SECRET)
    browser = cast.signed_in(alice)
    assert sent_back(client.ask(browser))["error"] == "invalid_request"

    def code():
        page = use(browser, client.application.client_id, push(client)["request_uri"])
        return sent_back(client.allow(browser, page))["code"] if page.status_code == 200 else sent_back(page)["code"]

    body = {"grant_type": "authorization_code", "redirect_uri": client.redirect_uri, "code_verifier": "v" * 43}
    first, second = code(), code()
    assert client.redeem(first).error == "invalid_dpop_proof"
    assert HOLDER.post_token(client, code=first, **body).status == 200
    later(seconds=61)
    assert HOLDER.post_token(client, code=second, **body).error == "invalid_grant"


def test_attack_130_a_key_of_its_own_is_proof_enough(db):
    machine = OAuthClient(cast.machine_application(jwks=HOLDER.jwks, **STRICT), redirect_uri="-")
    assertion = HOLDER.assertion(machine.application.client_id)
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    said = machine.post_token(grant_type="client_credentials", client_assertion=assertion, client_assertion_type=kind)
    assert said.status == 200


def test_a_request_without_a_proof_runs_not_one_statement_more(alice, acme_app, django_assert_num_queries):
    if connection.vendor != "sqlite":
        pytest.skip("the raw statements of PostgreSQL are not counted")
    token = acme_app.tokens_for(alice)["access_token"]
    with django_assert_num_queries(1):
        assert acme_app.profile(token).status == 200
    mine = bound(acme_app, alice)["access_token"]
    with django_assert_num_queries(2):
        assert HOLDER.get(PROFILE, mine).status == 200
