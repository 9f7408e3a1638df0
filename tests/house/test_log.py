"""Logs: one line a request, with its id, and never a secret (contract/README.md, rule 4)."""

import io
import json
import logging
import re

import pytest
import structlog
from django.test import Client

from accounts.redaction import redact
from config.log import logging_config
from tests.clients import VERIFIER
from tests.contract.routes import all_routes

SECRET = "gcs_" + "s" * 43
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


@pytest.fixture
def lines():
    """Everything logged, as production writes it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logging_config(as_json=True, level="DEBUG")
    written = io.StringIO()
    (handler,) = [each for each in root.handlers if type(each) is logging.StreamHandler]
    handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.contract("README.md", "Rules for all of them", "4")
def test_answer_and_log_line_carry_the_same_id(lines, db):
    answer = Client().get("/auth/v1/profile")

    (line,) = [line for line in lines() if line["event"] == "request"]
    assert line["request_id"] == answer["X-Request-Id"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/auth/v1/profile", 401)
    assert line["timestamp"].endswith("Z")


@pytest.mark.contract("README.md", "Rules for all of them", "4")
def test_attack_048_a_whole_sign_in_leaves_no_secret_in_the_log(lines, alice, acme_app):
    code = acme_app.code_for(alice, state="state-of-alice")
    tokens = acme_app.redeem(code)
    acme_app.profile(tokens["access_token"])
    acme_app.refresh(tokens["refresh_token"])
    acme_app.wire.get(f"/auth/v1/profile?access_token={tokens['access_token']}&code={code}")
    acme_app.revoke(tokens["refresh_token"])

    text = json.dumps(lines())

    assert '"event": "request"' in text
    for secret in (code, tokens["access_token"], tokens["refresh_token"], acme_app.secret, VERIFIER, "state-of-alice"):
        assert secret not in text


def test_a_failure_is_logged_without_the_secrets_that_it_speaks_of(lines):
    try:
        raise RuntimeError(f"client_secret={SECRET} Authorization: Bearer {JWT} code=abcdefgh")
    except RuntimeError:
        logging.getLogger("anything").exception("it failed with %s", SECRET, extra={"token": [JWT]})

    text = json.dumps(lines())
    assert "RuntimeError" in text
    for secret in (SECRET, JWT, "abcdefgh"):
        assert secret not in text


def test_another_host_than_ours_is_one_line(lines):
    assert Client().get("/auth/v1/profile", headers={"Host": "elsewhere.example"}).status_code == 400

    assert [line["event"] for line in lines() if line.get("path") != "/auth/v1/profile" or "exception" in line] == []


def test_a_secret_inside_a_structure_is_hidden_too(lines):
    structlog.get_logger("anything").warning("refused", body={"client_secret": "abc"}, tokens=[JWT], status=400)

    (line,) = lines()
    assert (line["body"], line["tokens"], line["status"]) == ("{'client_secret': '[redacted]'}", "['[redacted]']", 400)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"secret {SECRET} end", "secret [redacted] end"),
        (f"Bearer {JWT}", "Bearer [redacted]"),
        ("Authorization: Basic YWxpY2U6c2VjcmV0", "Authorization: Basic [redacted]"),
        ("DPoP abcdefghij", "DPoP [redacted]"),
        ("GET /x?code=abc&state=xyz&scope=user:read", "GET /x?code=[redacted]&state=[redacted]&scope=user:read"),
        ('{"client_secret": "abc", "scope": "user:read"}', '{"client_secret": "[redacted]", "scope": "user:read"}'),
        ("{'refresh_token': 'abc'}", "{'refresh_token': '[redacted]'}"),
        ("device_code=abc&user_code=WDJB-MJHT", "device_code=[redacted]&user_code=[redacted]"),
        ("password=hunter2", "password=[redacted]"),
        ("whsec_0123456789abcdef", "[redacted]"),
        ("status_code=200 barcode=12", "status_code=200 barcode=12"),
        ("plain words about a code and a token", "plain words about a code and a token"),
        ("/accounts/password/reset/key/3-cb9hxk-77/", "/accounts/password/reset/key/[redacted]/"),
        ("/account/organizations/invitations/abcdef", "/account/organizations/invitations/[redacted]"),
        ("two\r\nlines", "two\\r\\nlines"),
    ],
)
def test_redaction(text, shown):
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        *(f"{prefix}0123456789abcdef" for prefix in ("gcs_", "grt_", "gps_", "ik_", "whsec_", "GRT_")),
        *(f"{scheme}\t0123456789abcdef" for scheme in ("Bearer", "basic", "DPOP")),
        *(f"/{page}/0123456789abcdef" for page in ("invitations", "password/reset/key", "confirm-email", "agree")),
        *(f"{name}{is_}0123456789abcdef" for name in ("token", "State") for is_ in ("=", ":")),
        JWT.replace("eyJ", "EYJ"),
    ],
)
def test_each_kind_of_secret_is_found_where_no_other_is(text):
    assert "0123456789abcdef" not in redact(text)
    assert "[redacted]" in redact(text)


def test_attack_152_a_line_break_in_a_path_makes_no_second_line(lines, db):
    Client().get("/nothing%0a%7b%22event%22:%22forged%22%7d")

    assert [line["event"] for line in lines() if line.get("event") == "forged"] == []
    assert any("\\n" in line.get("path", "") for line in lines())


def test_attack_152_no_header_writes_a_line_or_a_field_of_its_own(lines, db):
    forged = '"}\n{"event": "forged", "status": 200}'
    headers = dict.fromkeys(("User-Agent", "Referer", "X-Request-Id", "Authorization", "X-Forwarded-For"), forged)
    Client().get("/auth/v1/profile", {"q": forged}, headers=headers)

    assert {line["event"] for line in lines()} <= {"request", "refused"}
    assert [line["status"] for line in lines() if line["event"] == "request"] == [401]


SECRET_PART = re.compile(r"(<str:|\(\?P<)(token|key|secret|code)\b")


@pytest.mark.parametrize("route", [route for route in all_routes() if SECRET_PART.search(route)])
def test_attack_207_a_secret_in_a_path_is_redacted_on_every_route(route):
    """A new one goes into SECRET and TELLTALES of accounts/redaction.py."""
    path = re.sub(r"<str:\w+>|\(\?P<\w+>[^)]*\)", "0123456789", route.replace("^", ""))
    shown = redact(f"/{path}")
    assert "0123456789" not in shown
    assert "[redacted]" in shown
