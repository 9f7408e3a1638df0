"""Client libraries from the registries, unmodified, from sign-in to revocation against a running server."""

from urllib.parse import urlencode

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet
from requests_oauthlib import OAuth2Session

from tests.lanes.scripts import run_in_node
from tests.lanes.server import SHARED_SECRETS, running
from tests.lanes.visitor import Visitor

pytestmark = pytest.mark.processes
SCOPE = "user:read organizations:read"
AFTER_SIGNING_OUT = "http://127.0.0.1:4000/signed-out"  # as the demo client has it registered


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real-clients")
    # Without their own: the lane says what runs on SQLite, and CI runs it on PostgreSQL too.
    with running(folder, GATEHOUSE_VAR=str(folder), **SHARED_SECRETS) as started:
        yield started


@pytest.fixture(params=["confidential", "public"])
def client(request, server):
    held = dict(server.demo["clients"][request.param])
    if request.param == "public":
        held["redirect_uri"] = "http://127.0.0.1:53123/callback"
    return {"base_url": server.url, **held}


@pytest.fixture
def alice(server):
    return Visitor(server.url, server.demo["user"])


def check(result):
    assert result["scope"] == SCOPE
    assert result["profile"]["user"]["email"] == "alice@example.com"
    assert (result["after_refresh"], result["after_revoke"]) == (200, 401)


@pytest.mark.parametrize("library", ["openid-client", "oauth4webapi", "simple-oauth2", "badgateway", "passport-oauth2"])
def test_a_node_library_goes_the_whole_way(library, client, alice):
    check(run_in_node(library, client, alice))


def test_requests_oauthlib_goes_the_whole_way(client, alice, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # http, on this machine
    api = f"{client['base_url']}/api/oauth/v1"
    profile_url = f"{client['base_url']}/auth/v1/profile"
    session = OAuth2Session(client["client_id"], redirect_uri=client["redirect_uri"], scope=SCOPE, pkce="S256")
    url, _state = session.authorization_url(f"{api}/authorize")
    secret = client.get("client_secret")
    proof = {"client_secret": secret} if secret else {"include_client_id": True}

    token = session.fetch_token(f"{api}/token", authorization_response=alice.allow(url), **proof)
    profile = session.get(profile_url).json()
    body = {"client_id": client["client_id"], **({"client_secret": secret} if secret else {})}
    refreshed = session.refresh_token(f"{api}/token", **body)
    after_refresh = session.get(profile_url).status_code
    # It has no call of its own for revocation.
    session.post(f"{api}/revoke", data={"token": refreshed["refresh_token"], **body}, withhold_token=True)

    after_revoke = session.get(profile_url).status_code
    scope = " ".join(token["scope"])
    check({"scope": scope, "profile": profile, "after_refresh": after_refresh, "after_revoke": after_revoke})


@pytest.fixture
def web_client(server):
    held = server.demo["clients"]["confidential"]
    return {"base_url": server.url, "post_logout_redirect_uri": AFTER_SIGNING_OUT, **held}


def check_sign_out(browser, logout, web_client):
    """At once, as the hint is of this browser; afterwards nobody is signed in."""
    there = browser.get(logout)
    assert there.headers["Location"] == web_client["post_logout_redirect_uri"] + "?state=bye"
    assert browser.get(f"{web_client['base_url']}/account").headers["Location"].startswith("/accounts/login/")


def test_openid_client_signs_a_person_in_and_out(web_client, alice):
    said = run_in_node("openid", web_client, alice)

    claims, refreshed = said["claims"], said["refreshed"]
    assert (claims["iss"], claims["email"]) == (web_client["base_url"], "alice@example.com")
    assert said["person"] == {name: claims[name] for name in ("sub", "name", "email", "email_verified")}
    assert [refreshed[name] for name in ("sub", "auth_time", "sid")] == [
        claims[name] for name in ("sub", "auth_time", "sid")
    ]
    check_sign_out(alice.browser, said["logout"], web_client)


def test_authlib_signs_a_person_in_and_out(web_client, alice):
    metadata = httpx.get(f"{web_client['base_url']}/.well-known/openid-configuration").json()
    key_set = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
    session = OAuth2Client(
        web_client["client_id"],
        web_client["client_secret"],
        scope="openid email",
        redirect_uri=web_client["redirect_uri"],
        code_challenge_method="S256",
    )
    verifier, nonce = "authlib-" + "v" * 40, "authlib-nonce"
    url, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    token = session.fetch_token(
        metadata["token_endpoint"],
        authorization_response=alice.allow(url),
        state=state,
        code_verifier=verifier,
    )

    signed = jwt.decode(token["id_token"], key_set, algorithms=metadata["id_token_signing_alg_values_supported"])
    said = CodeIDToken(
        signed.claims,
        signed.header,
        options={"iss": {"values": [metadata["issuer"]]}, "aud": {"values": [web_client["client_id"]]}},
        params={"nonce": nonce, "client_id": web_client["client_id"], "access_token": token["access_token"]},
    )
    said.validate()
    assert session.get(metadata["userinfo_endpoint"]).json()["sub"] == said["sub"]
    query = {
        "id_token_hint": token["id_token"],
        "post_logout_redirect_uri": web_client["post_logout_redirect_uri"],
        "state": "bye",
    }
    check_sign_out(alice.browser, f"{metadata['end_session_endpoint']}?{urlencode(query)}", web_client)


def test_authlib_goes_the_whole_way(client, alice):
    api = f"{client['base_url']}/api/oauth/v1"
    profile_url = f"{client['base_url']}/auth/v1/profile"
    session = OAuth2Client(
        client["client_id"],
        client.get("client_secret"),
        token_endpoint_auth_method="client_secret_basic" if "client_secret" in client else "none",
        scope=SCOPE,
        redirect_uri=client["redirect_uri"],
        code_challenge_method="S256",
    )
    verifier = "authlib-" + "v" * 40
    url, state = session.create_authorization_url(f"{api}/authorize", code_verifier=verifier)

    callback = alice.allow(url)
    token = session.fetch_token(f"{api}/token", authorization_response=callback, state=state, code_verifier=verifier)
    profile = session.get(profile_url).json()
    refreshed = session.refresh_token(f"{api}/token", refresh_token=token["refresh_token"])
    after_refresh = session.get(profile_url).status_code
    session.revoke_token(f"{api}/revoke", token=refreshed.get("refresh_token", token["refresh_token"]))
    session.token = dict(refreshed)

    after_revoke = session.get(profile_url).status_code
    check({"scope": token["scope"], "profile": profile, "after_refresh": after_refresh, "after_revoke": after_revoke})
