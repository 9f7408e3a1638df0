"""Access tokens: what they say, and that they open nothing once anything behind them has ended."""

import base64
import hmac
import json
from datetime import UTC, datetime

import jwt
import pytest
from django.test import Client

from oauth_provider import keys
from oauth_provider.models import AccessToken, SigningKey
from tests.clients import profile
from tests.oauth.test_code import ENDS


def key_set():
    return Client().get("/api/oauth/v1/jwks.json").json()


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


@pytest.mark.contract("oauth.md", "token", "access token")
def test_a_resource_server_verifies_it_offline(alice, acme_app):
    token = acme_app.tokens_for(alice, scope="user:read projects:read")["access_token"]
    header = jwt.get_unverified_header(token)
    key = next(key for key in key_set()["keys"] if key["kid"] == header["kid"])
    claims = jwt.decode(token, jwt.PyJWK(key), algorithms=["ES256"], audience="insforge-api", issuer="insforge")
    assert set(claims) == {"sub", "email", "role", "client_id", "scope", "iat", "exp", "iss", "aud", "jti"}
    assert (claims["sub"], claims["email"], claims["role"]) == (str(alice.id), "alice@example.com", "authenticated")
    assert claims["exp"] - claims["iat"] == 3600


@pytest.mark.contract("oauth.md", "jwks.json", "public keys")
def test_the_key_set_has_only_public_halves(db):
    members = {key["alg"]: set(key) - {"kty", "use", "alg", "kid"} for key in key_set()["keys"]}
    assert members == {"ES256": {"crv", "x", "y"}, "RS256": {"n", "e"}}


def forge(token, **header):
    payload = token.split(".")[1]
    head = base64.urlsafe_b64encode(json.dumps({"typ": "JWT", **header}).encode()).rstrip(b"=").decode()
    return f"{head}.{payload}."


def test_attack_069_tokens_that_we_did_not_sign(alice, acme_app):
    token = acme_app.tokens_for(alice)["access_token"]
    shared = forge(token, alg="HS256", kid=key_set()["keys"][0]["kid"])
    shared += base64.urlsafe_b64encode(
        hmac.digest(json.dumps(key_set()["keys"][0]).encode(), shared[:-1].encode(), "sha256")
    ).decode()
    own = keys.generate("ES256")
    other = jwt.encode(claims_of(token), own, algorithm="ES256", headers={"kid": "other"})
    embedded = jwt.encode(claims_of(token), own, algorithm="ES256", headers={"jwk": {"kty": "EC"}, "jku": "http://x"})
    for forged in (forge(token, alg="none"), shared, other, embedded, token + "x", token[:-1]):
        assert profile(forged).status == 401
    assert profile(token).status == 200


def test_attack_071_a_token_ends_on_its_second(alice, acme_app, later):
    token = acme_app.tokens_for(alice)["access_token"]
    ends = datetime.fromtimestamp(claims_of(token)["exp"], UTC)
    assert AccessToken.objects.get().expires_at == ends
    later(seconds=(ends - datetime.now(UTC)).total_seconds() - 1)
    assert profile(token).status == 200
    later(seconds=1)
    assert profile(token).status == 401


@pytest.mark.contract("oauth.md", "token", "projectId")
def test_attack_072_nothing_puts_a_project_into_a_token(alice, acme_app):
    acme_app.application.name = '","projectId":"x'
    acme_app.application.save()
    tokens = acme_app.tokens_for(alice, projectId="x", claims='{"projectId": null}')
    refreshed = acme_app.refresh(tokens["refresh_token"], projectId="x")
    assert "projectId" not in claims_of(tokens["access_token"]) | claims_of(refreshed["access_token"])


def test_attack_073_a_token_in_the_query_is_not_read(alice, acme_app):
    token = acme_app.tokens_for(alice)["access_token"]
    assert Client().get(f"/auth/v1/profile?access_token={token}").status_code == 401


def test_attack_073_a_token_sent_twice_is_refused(alice, acme_app):
    token = acme_app.tokens_for(alice)["access_token"]
    both = {"Authorization": f"Bearer {token}, Bearer {token}"}
    assert Client().get("/auth/v1/profile", headers=both).status_code == 400
    assert (
        Client().get(f"/auth/v1/profile?access_token={token}", headers={"Authorization": f"Bearer {token}"}).status_code
        == 400
    )


@pytest.mark.contract("oauth.md", "Scopes", "user:read")
@pytest.mark.contract("oauth.md", "profile", "scope")
def test_attack_074_a_missing_scope_is_named(alice, acme_app):
    token = acme_app.tokens_for(alice, scope="projects:read")["access_token"]
    answer = profile(token)
    assert (answer.status, answer["code"]) == (403, "insufficient_scope")
    assert 'error="insufficient_scope", scope="user:read"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("end", ENDS)
def test_attack_075_the_next_request_is_refused(alice, acme_app, end):
    token = acme_app.tokens_for(alice)["access_token"]
    end(alice, acme_app)
    assert profile(token).status == 401


def test_attack_076_a_new_key_is_public_before_it_signs(alice, acme_app, later):
    old = acme_app.tokens_for(alice)["access_token"]
    made = keys.rotate(datetime.now(UTC), at_once=True)
    (new_kid,) = {key["kid"] for key in key_set()["keys"] if key["alg"] == "ES256"} & set(made)
    assert jwt.get_unverified_header(acme_app.tokens_for(alice)["access_token"])["kid"] != new_kid
    later(minutes=20)
    new = acme_app.tokens_for(alice)["access_token"]
    assert jwt.get_unverified_header(new)["kid"] == new_kid
    assert profile(old).status == profile(new).status == 200
    assert [key["alg"] for key in key_set()["keys"]].count("ES256") == 2


def test_attack_076_an_old_key_stays_until_its_tokens_have_ended(alice, acme_app, later):
    old = jwt.get_unverified_header(acme_app.tokens_for(alice)["access_token"])["kid"]
    keys.rotate(datetime.now(UTC), at_once=True)
    later(minutes=20 + 60)
    assert old in {key["kid"] for key in key_set()["keys"]}
    later(minutes=25)
    assert old not in {key["kid"] for key in key_set()["keys"]}


def test_rotating_twice_publishes_one_key(db):
    now = datetime.now(UTC)
    sets = len(keys.rotate(now))
    assert len(keys.rotate(now, at_once=True)) == sets
    assert keys.rotate(now, at_once=True) == []
    assert SigningKey.objects.count() == 2 * sets


def test_a_private_key_is_stored_encrypted(db):
    keys.rotate(datetime.now(UTC))
    assert not [key for key in SigningKey.objects.all() if "PRIVATE KEY" in key.private_key]
    assert SigningKey.objects.exists()


@pytest.mark.contract("README.md", "Rules for all of them", "2")
@pytest.mark.contract("oauth.md", "profile", "body")
def test_the_profile_in_both_forms(alice, acme_app):
    body = acme_app.profile(acme_app.tokens_for(alice)["access_token"]).body
    assert body["user"] == {
        "id": str(alice.id),
        "email": "alice@example.com",
        "name": "Alice Example",
        "avatar_url": None,
        "profile": {"name": "Alice Example", "avatar_url": None},
        "email_verified": True,
        "created_at": f"{alice.created_at:%Y-%m-%dT%H:%M:%SZ}",
    }


@pytest.mark.contract("README.md", "Rules for all of them", "5")
@pytest.mark.contract("README.md", "Rules for all of them", "6")
def test_a_stranger_is_told_where_to_ask(db):
    answer = profile("no-token")
    assert (answer.status, set(answer.body)) == (401, {"error", "code", "requestId"})
    challenge = answer.headers["WWW-Authenticate"]
    assert 'resource_metadata="http://localhost:8000/.well-known/oauth-protected-resource/auth/v1"' in challenge
    assert 'scope="user:read"' in challenge


def test_a_machines_token_has_no_profile(meter):
    token = meter.post_token(grant_type="client_credentials")["access_token"]
    assert profile(token).status == 403


def test_attack_070_a_jwt_of_ours_that_is_no_access_token(alice, acme_app):
    claims = claims_of(acme_app.tokens_for(alice)["access_token"])
    other = keys.sign(SigningKey.KeySet.TOKEN, {**claims, "jti": "x"}, now=datetime.now(UTC), type_="JWT")
    assert profile(other).status == 401
