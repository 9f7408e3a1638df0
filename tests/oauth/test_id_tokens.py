"""ID tokens, at the code and at each refresh. Source: oauth.md, "token"; OpenID Connect Core."""

import base64
import hashlib
import json

import jwt
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from oauth_provider import keys
from oauth_provider.models import OpenIdGrant
from tests import cast
from tests.clients import OAuthClient, profile, sent_back
from tests.oauth.openid import ISSUER, OPENID_SCOPES, published, verified
from tests.oauth.test_bearer import forge

ALL = f"{OPENID_SCOPES} organizations:read"
SECTION = ("oauth.md", "token")


@pytest.fixture
def portal(db):
    """A confidential client that may ask who somebody is."""
    return OAuthClient(cast.web_application("Portal", allowed_scopes=ALL), cast.ACME_SECRET)


def id_token(portal, tokens, **options):
    return verified(tokens["id_token"], portal.application.client_id, **options)


@pytest.mark.contract(*SECTION, "id_token")
@pytest.mark.contract("oauth.md", "Scopes", "openid")
def test_an_id_token_says_who_signed_in(alice, portal):
    tokens = portal.tokens_for(alice, scope="openid", nonce="n-0S6_WzA2Mj")

    said = id_token(portal, tokens)

    assert (said["iss"], said["aud"], said["sub"]) == (ISSUER, portal.application.client_id, str(alice.pk))
    assert (said["nonce"], said["amr"]) == ("n-0S6_WzA2Mj", ["pwd"])
    assert said["exp"] == said["iat"] + 3600
    assert abs(said["auth_time"] - said["iat"]) < 60
    assert not {"name", "picture", "email", "email_verified"} & set(said)


def test_the_scopes_open_their_claims(alice, portal):
    profiled = id_token(portal, portal.tokens_for(alice, scope="openid profile"))
    mailed = id_token(portal, portal.tokens_for(alice, scope="openid email"))

    assert (profiled["name"], "email" in profiled) == ("Alice Example", False)
    assert (mailed["email"], mailed["email_verified"], "name" in mailed) == ("alice@example.com", True, False)


def test_a_picture_is_a_claim_where_there_is_one(alice, portal):
    assert "picture" not in id_token(portal, portal.tokens_for(alice, scope="openid profile"))
    alice.avatar_url = "https://pictures.example/alice.png"
    alice.save()
    assert id_token(portal, portal.tokens_for(alice, scope="openid profile"))["picture"] == alice.avatar_url


def test_at_hash_ties_it_to_the_access_token(alice, portal):
    tokens = portal.tokens_for(alice, scope="openid")
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert id_token(portal, tokens)["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def test_without_openid_there_is_none(alice, portal):
    tokens = portal.tokens_for(alice, scope="user:read organizations:read", nonce="n")
    assert "id_token" not in tokens.body
    assert "id_token" not in portal.refresh(tokens["refresh_token"]).body
    assert not OpenIdGrant.objects.exists()


def test_a_refresh_repeats_who_and_when_but_no_nonce(alice, portal, later):
    tokens = portal.tokens_for(alice, scope="openid", nonce="once")
    before = id_token(portal, tokens)
    later(seconds=600)

    refreshed = portal.refresh(tokens["refresh_token"])

    after = id_token(portal, refreshed)
    same = ("iss", "sub", "aud", "auth_time", "sid", "amr")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert after["iat"] == before["iat"] + 600
    assert "nonce" not in after
    assert after["at_hash"] != before["at_hash"]


def test_a_refresh_narrowed_below_openid_has_none(alice, portal):
    tokens = portal.tokens_for(alice, scope="openid user:read")
    assert "id_token" not in portal.refresh(tokens["refresh_token"], scope="user:read").body


def test_a_public_client_gets_one_at_each_rotation(alice, db):
    cli = OAuthClient(cast.native_application(allowed_scopes=ALL), redirect_uri="http://127.0.0.1:53123/callback")
    tokens = cli.tokens_for(alice, scope="openid")
    again = cli.refresh(tokens["refresh_token"])
    grace = cli.refresh(tokens["refresh_token"])
    assert {id_token(cli, answer)["sub"] for answer in (tokens, again, grace)} == {str(alice.pk)}


def test_the_name_of_today_stands_in_a_refreshed_one(alice, portal):
    tokens = portal.tokens_for(alice, scope="openid profile")
    alice.name = "Alice Married"
    alice.save()
    assert id_token(portal, portal.refresh(tokens["refresh_token"]))["name"] == "Alice Married"


def test_one_browser_is_one_sid_for_a_client(alice, portal):
    browser = cast.signed_in(alice)
    page = portal.ask(browser, scope="openid")
    first = portal.redeem(sent_back(portal.allow(browser, page))["code"])
    second = portal.redeem(sent_back(portal.ask(browser, scope="openid"))["code"])
    elsewhere = portal.tokens_for(alice, scope="openid")
    sids = [id_token(portal, answer)["sid"] for answer in (first, second, elsewhere)]
    assert sids[0] == sids[1] != sids[2]


def test_two_clients_get_two_sids(alice, portal):
    other = OAuthClient(cast.web_application("Other", secret="gcs_" + "o" * 43, allowed_scopes=ALL), "gcs_" + "o" * 43)
    browser = cast.signed_in(alice)
    codes = [sent_back(app.allow(browser, app.ask(browser, scope="openid")))["code"] for app in (portal, other)]
    sids = [id_token(app, app.redeem(code))["sid"] for app, code in zip((portal, other), codes, strict=True)]
    assert sids[0] != sids[1]


def test_methods_are_told_in_the_words_of_rfc_8176(alice, portal):
    browser = cast.signed_in(alice)
    session = browser.session
    session["account_authentication_methods"] += [{"method": "mfa", "type": "totp", "at": timezone.now().timestamp()}]
    session.save()
    code = sent_back(portal.allow(browser, portal.ask(browser, scope="openid")))["code"]
    assert id_token(portal, portal.redeem(code))["amr"] == ["pwd", "otp", "mfa"]


def test_attack_070_an_id_token_is_no_access_token(alice, portal):
    tokens = portal.tokens_for(alice, scope=OPENID_SCOPES)
    assert profile(tokens["id_token"]).status == 401
    assert profile(tokens["access_token"]).status == 200


def test_attack_069_an_id_token_that_we_did_not_sign(alice, portal):
    """What a client must see through, and what we do when one comes back as a hint."""
    token = portal.tokens_for(alice, scope="openid")["id_token"]
    browser = cast.signed_in(alice)
    kid = jwt.get_unverified_header(token)["kid"]
    claims = jwt.decode(token, options={"verify_signature": False})
    stranger = jwt.encode(claims, keys.generate("RS256"), algorithm="RS256", headers={"kid": kid})
    forged = [forge(token, alg="none"), forge(token, alg="HS256", kid=kid), forge(token, kid="a\0b"), stranger, "x"]
    for hint in forged:
        assert sent_back(portal.ask(browser, scope="openid", id_token_hint=hint))["error"] == "invalid_request"


def test_id_tokens_have_keys_of_their_own(alice, portal):
    tokens = portal.tokens_for(alice, scope="openid")
    by_kid = {key["kid"]: key for key in published()}
    of_id = by_kid[jwt.get_unverified_header(tokens["id_token"])["kid"]]
    of_access = by_kid[jwt.get_unverified_header(tokens["access_token"])["kid"]]
    assert (of_id["alg"], of_access["alg"], len(by_kid)) == ("RS256", "ES256", 2)
    assert jwt.decode(tokens["access_token"], options={"verify_signature": False})["iss"] == "insforge"


@pytest.mark.contract("oauth.md", "jwks.json", "public keys")
def test_a_new_key_is_published_before_it_signs(alice, portal, later):
    portal.tokens_for(alice, scope="openid")
    cached = published()
    keys.rotate(timezone.now(), at_once=True)
    assert len(published()) == 2 * len(cached)
    id_token(portal, portal.tokens_for(alice, scope="openid"), keys=cached)

    later(minutes=21)
    newer = published()
    token = portal.tokens_for(alice, scope="openid")["id_token"]

    assert jwt.get_unverified_header(token)["kid"] not in {key["kid"] for key in cached}
    verified(token, portal.application.client_id, keys=newer)


def statements(call):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        call()
    return len(captured)


def test_only_openid_costs_a_statement_more(alice, portal):
    """The hot path stays as thin as it is (docs/decisions/0004): one more is read, for `openid` alone."""
    keys.rotate(timezone.now())
    plain, openid = portal.code_for(alice), portal.code_for(alice, scope="openid")
    portal.tokens_for(alice)  # the caches of keys are warm, the secret's use is noted
    portal.tokens_for(alice, scope="openid")
    assert statements(lambda: portal.redeem(openid)) == statements(lambda: portal.redeem(plain)) + 1


def test_json_says_each_type_as_the_standard_does(alice, portal):
    said = id_token(portal, portal.tokens_for(alice, scope=OPENID_SCOPES))
    assert json.dumps(said)
    assert [type(said[name]) for name in ("exp", "iat", "auth_time")] == [int, int, int]
    assert (type(said["aud"]), type(said["amr"]), type(said["email_verified"])) == (str, list, bool)
