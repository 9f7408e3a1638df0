"""Clients that prove themselves by a key. Source: oauth.md, "token"; RFC 7523; docs/attacks.md, rows 56 and 57."""

import base64
import json
import time

import jwt
import pytest
from django.test import Client
from django.utils import timezone

from oauth_provider import client_keys
from oauth_provider.expiry import sweep
from oauth_provider.models import Application, ClientSecret, UsedProof
from tests import cast, receivers
from tests.clients import TOKEN, OAuthClient, answer
from tests.oauth.test_registration import register, token_of
from tests.proofs import ASSERTION_TYPE, ISSUER, Holder
from tests.receivers import status

PRIVATE_KEY_JWT = pytest.mark.contract("oauth.md", "token", "private_key_jwt")
HOLDER, OTHER = Holder(), Holder(number=2)


@pytest.fixture
def machine(db):
    """A machine client with a pasted key, and a secret that it does not need."""
    return OAuthClient(cast.machine_application("Robot", jwks=HOLDER.jwks), cast.METER_SECRET, redirect_uri="-")


def ask(client, assertion, wire=None, **changes):
    body = {
        "grant_type": "client_credentials",
        "client_assertion": assertion,
        "client_assertion_type": ASSERTION_TYPE,
        **changes,
    }
    given = {name: value for name, value in body.items() if value is not None}
    return answer((wire or client.wire).post(TOKEN, given, content_type="application/json"))


def is_refused(said, error="invalid_client", code=401):
    return (said.status, said.error) == (code, error)


@PRIVATE_KEY_JWT
@pytest.mark.parametrize("named", [True, False])
def test_a_key_gets_a_token(machine, named):
    client_id = machine.application.client_id
    said = ask(machine, HOLDER.assertion(client_id), client_id=client_id if named else None)
    assert said.status == 200
    assert said["token_type"] == "Bearer"


@PRIVATE_KEY_JWT
def test_a_web_client_goes_the_whole_way(alice):
    web = OAuthClient(cast.web_application(jwks=HOLDER.jwks))
    code = web.code_for(alice)
    assertion = {
        "client_assertion": HOLDER.assertion(web.application.client_id),
        "client_assertion_type": ASSERTION_TYPE,
    }
    tokens = web.redeem(code, **assertion)
    assert tokens.status == 200
    again = {**assertion, "client_assertion": HOLDER.assertion(web.application.client_id)}
    assert web.revoke(tokens["access_token"], **again).status == 200
    assert web.profile(tokens["access_token"]).status == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": f"{ISSUER}{TOKEN}"},
        {"aud": [ISSUER, "https://other.example"]},
        {"aud": f"{ISSUER}/"},
        {"aud": None},
        {"exp": int(time.time()) - 3600},
        {"exp": int(time.time()) + 3600},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 256},
        {"iss": "clf_other"},
        {"sub": "clf_other"},
    ],
)
def test_attack_056_claims_that_do_not_hold(machine, changes):
    client_id = machine.application.client_id
    assert is_refused(ask(machine, HOLDER.assertion(client_id, **changes), client_id=client_id))
    assert UsedProof.objects.count() == 0


def test_attack_056_an_assertion_counts_once(machine):
    assertion = HOLDER.assertion(machine.application.client_id)
    assert ask(machine, assertion).status == 200
    assert is_refused(ask(machine, assertion))


def test_attack_056_another_clients_key_and_another_clients_assertion(machine):
    other = OAuthClient(cast.web_application(jwks=OTHER.jwks))
    client_id = machine.application.client_id
    assert is_refused(ask(machine, OTHER.assertion(client_id)))
    assert is_refused(ask(machine, HOLDER.assertion(client_id), client_id=other.application.client_id))


def signed_by_none(client_id, algorithm="none"):
    _header, payload, _ = HOLDER.assertion(client_id).split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).rstrip(b"=").decode()
    return f"{header}.{payload}."


def signed_by_no_word(client_id):
    return signed_by_none(client_id, algorithm=["ES256"])


def with_public_key_as_secret(client_id):
    claims = jwt.decode(HOLDER.assertion(client_id), options={"verify_signature": False})
    return jwt.encode(claims, HOLDER.jwks + "x" * 32, "HS256", headers={"kid": HOLDER.kid})


def with_its_own_key(client_id):
    return OTHER.assertion(client_id, headers={"jwk": OTHER.jwk})


@pytest.mark.parametrize(
    "forge",
    [signed_by_none, signed_by_no_word, with_public_key_as_secret, with_its_own_key, lambda _: "x", lambda _: "é.é.é"],
)
def test_attack_056_no_signature_by_the_clients_key(machine, forge):
    client_id = machine.application.client_id
    assert is_refused(ask(machine, forge(client_id), client_id=client_id))


def test_attack_056_a_client_proves_itself_as_it_is_registered(machine, acme_app, acme_cli):
    secret = {"client_assertion": None, "client_assertion_type": None, **machine.credentials()}
    assert is_refused(ask(machine, None, **secret))
    for client in (acme_app, acme_cli):
        said = ask(
            client, HOLDER.assertion(client.application.client_id), grant_type="refresh_token", refresh_token="x"
        )
        assert is_refused(said)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": cast.METER_SECRET},
        {"client_assertion_type": None},
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        {"client_assertion": None},
    ],
)
def test_attack_053_two_methods_or_half_of_one(machine, changes):
    said = ask(machine, HOLDER.assertion(machine.application.client_id), **changes)
    assert is_refused(said, "invalid_request", 400)


@PRIVATE_KEY_JWT
def test_an_assertion_that_is_forgotten_can_not_be_used_any_more(machine, later):
    later(seconds=0)
    assertion = HOLDER.assertion(machine.application.client_id)
    assert ask(machine, assertion).status == 200
    later(seconds=91)
    sweep(timezone.now())
    assert UsedProof.objects.count() == 0
    assert is_refused(ask(machine, assertion))


@pytest.fixture
def published(db):
    """A client whose keys stand at an address of its own."""
    with receivers.receiving() as receiver:
        receiver.behave = status(200, HOLDER.jwks.encode())
        yield OAuthClient(cast.machine_application("Robot", jwks_uri=receiver.url), redirect_uri="-"), receiver


def test_attack_057_keys_are_fetched_once_and_kept(published):
    client, receiver = published
    for _ in range(3):
        assert ask(client, HOLDER.assertion(client.application.client_id)).status == 200
    assert len(receiver.got) == 1


def test_attack_057_unknown_key_ids_fetch_once_a_minute(published, later):
    client, receiver = published
    later(seconds=0)
    client_id = client.application.client_id
    unknown = {"kid": "unknown"}
    for _ in range(3):
        assert is_refused(ask(client, HOLDER.assertion(client_id, headers=unknown)))
    assert len(receiver.got) == 1
    later(seconds=61)
    receiver.behave = status(200, OTHER.jwks.encode())
    assert is_refused(ask(client, HOLDER.assertion(client_id, headers=unknown)))
    assert ask(client, OTHER.assertion(client_id)).status == 200
    assert len(receiver.got) == 2


def test_attack_204_a_look_again_that_fails_takes_no_key_away(published, later):
    client, receiver = published
    later(seconds=0)
    client_id = client.application.client_id
    assert ask(client, HOLDER.assertion(client_id)).status == 200
    receiver.behave = status(500)
    for tries in (2, 3):
        later(seconds=61)
        assert is_refused(ask(client, HOLDER.assertion(client_id, headers={"kid": "unknown"})))
        assert len(receiver.got) == tries
        assert ask(client, HOLDER.assertion(client_id)).status == 200


def test_attack_204_who_finds_no_place_to_fetch_spoils_nothing(published):
    client, receiver = published
    client_id = client.application.client_id
    places = [client_keys.IN_FLIGHT.acquire(blocking=False) for _ in range(2)]
    assert is_refused(ask(client, HOLDER.assertion(client_id)))
    client_keys.IN_FLIGHT.release(len(places))
    assert ask(client, HOLDER.assertion(client_id)).status == 200
    assert len(receiver.got) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "oct", "k": "eA"}]}', b" " * 40_000])
def test_attack_057_what_is_no_key_set_or_too_large(published, body):
    client, receiver = published
    receiver.behave = status(200, body)
    for _ in range(2):
        assert is_refused(ask(client, HOLDER.assertion(client.application.client_id)))
    assert len(receiver.got) == 1, "a failure is kept for a while too"


@pytest.mark.parametrize("address", ["http://10.0.0.1/keys", "https://169.254.169.254/keys", "http://127.0.0.1:1/keys"])
def test_attack_057_no_address_inside(published, address):
    client, _ = published
    Application.objects.update(jwks_uri=address)
    assert is_refused(ask(client, HOLDER.assertion(client.application.client_id)))


def test_attack_057_loopback_is_for_development_alone(published, settings):
    client, receiver = published
    settings.CLIENT_DOCUMENTS_ALLOW_LOOPBACK = False
    assert is_refused(ask(client, HOLDER.assertion(client.application.client_id)))
    assert receiver.got == []


@PRIVATE_KEY_JWT
def test_a_client_registers_itself_with_its_keys(alice, acme_app):
    body = {
        "client_name": "Robot",
        "redirect_uris": ["https://robot.example/callback"],
        "token_endpoint_auth_method": "private_key_jwt",
    }
    token = token_of(alice, acme_app)
    assert register(body, token).error == "invalid_client_metadata"
    assert register({**body, "jwks": {"keys": [{"kty": "oct", "k": "eA"}]}}, token).error == "invalid_client_metadata"
    said = register({**body, "jwks": json.loads(HOLDER.jwks)}, token)
    assert said.status == 201
    assert "client_secret" not in said.body
    assert said["jwks"] == json.loads(HOLDER.jwks)
    assert not ClientSecret.objects.filter(application__client_id=said["client_id"]).exists()


@PRIVATE_KEY_JWT
def test_it_is_advertised(db):
    metadata = Client().get("/.well-known/oauth-authorization-server").json()
    assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]
    assert metadata["token_endpoint_auth_signing_alg_values_supported"] == ["ES256", "EdDSA", "PS256", "RS256"]
