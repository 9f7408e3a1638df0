"""Garbage in any parameter, header or body gives the contract's error and changes nothing."""

import json

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oauth_provider.models import AccessToken, Code, TokenFamily
from tests.cast import signed_in
from tests.clients import AUTHORIZE, TOKEN
from tests.environment import examples

ENDPOINTS = [TOKEN, "/api/oauth/v1/revoke"]
NAMES = [
    "client_id",
    "client_secret",
    "grant_type",
    "code",
    "code_verifier",
    "redirect_uri",
    "refresh_token",
    "scope",
    "resource",
    "token",
    "token_type_hint",
]
AUTHORIZE_NAMES = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "resource",
    "nonce",
    "prompt",
    "max_age",
    "login_hint",
    "ui_locales",
    "request_uri",
    "request",
    "response_mode",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
garbage = settings(
    max_examples=examples(20, 150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@pytest.fixture(autouse=True)
def no_limits(settings):
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (1000000, 60))


def assert_refused(response):
    assert 400 <= response.status_code < 500
    body = response.json()
    assert set(body) == {"error", "error_description", "message"}
    assert response["Cache-Control"] == "no-store"
    assert response["X-Request-Id"]
    assert not any(model.objects.exists() for model in (Code, AccessToken, TokenFamily))


@garbage
@given(endpoint=st.sampled_from(ENDPOINTS), body=st.dictionaries(st.sampled_from(NAMES), anything))
def test_any_json_is_answered(acme_app, endpoint, body):
    known = {"client_id": acme_app.application.client_id, "grant_type": "authorization_code"}
    assert_refused(Client().post(endpoint, json.dumps({**known, **body}), content_type="application/json"))


@garbage
@given(
    endpoint=st.sampled_from(ENDPOINTS),
    body=st.binary(max_size=200),
    kind=st.sampled_from(["json", "x-www-form-urlencoded"]),
)
def test_any_bytes_are_answered(db, endpoint, body, kind):
    assert_refused(Client().post(endpoint, body, content_type=f"application/{kind}"))


@garbage
@given(
    header=st.text(st.characters(min_codepoint=32, max_codepoint=255)),
    scheme=st.sampled_from(["Basic ", "Bearer ", ""]),
)
def test_any_authorization_header_is_answered(db, header, scheme):
    headers = {"Authorization": scheme + header, "X-Request-Id": header, "Origin": header}
    assert_refused(
        Client().post(TOKEN, {"grant_type": "refresh_token"}, content_type="application/json", headers=headers)
    )
    response = Client().get("/auth/v1/profile", headers=headers)
    assert response.status_code in (400, 401)
    assert set(response.json()) == {"error", "code", "requestId"}


@garbage
@given(values=st.dictionaries(st.sampled_from(AUTHORIZE_NAMES), st.text() | st.sampled_from(["code", "S256", "none"])))
def test_any_authorization_request_is_answered(alice, acme_app, values):
    browser = signed_in(alice)
    response = acme_app.ask(browser, **values)
    assert response.status_code in (200, 302, 400)
    assert not Code.objects.exists()


@garbage
@given(raw=st.text(st.sampled_from("%&=+;#?/\\ \x00ÿabf019_-~.:@[]"), max_size=120))
def test_any_query_is_answered(alice, raw):
    response = Client().get(AUTHORIZE, QUERY_STRING=raw.encode("latin-1", "replace").decode("latin-1"))
    assert response.status_code == 400


@garbage
@given(handle=st.text(max_size=60), answer=st.text(max_size=20))
def test_any_consent_answer_is_answered(alice, handle, answer):
    response = signed_in(alice).post(AUTHORIZE, {"handle": handle, "answer": answer})
    assert response.status_code in (400, 403)
    assert not Code.objects.exists()
