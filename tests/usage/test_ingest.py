"""POST /usage/v1/events: who may, what a request has to be, and what it answers."""

import gzip
import json
import zlib

import pytest
from django.test import Client

from oauth_provider.models import AccessToken
from tests.usage.clients import BATCH, EVENTS, ONE
from usage.models import Event
from usage.request_body import MAX_BYTES

row = pytest.mark.contract


@row("usage.md", "Metering in", "endpoint")
@row("usage.md", "Metering in", "answer")
def test_a_machine_client_sends_a_batch(gauge):
    said = gauge.send(gauge.event("1"), gauge.event("2", {"ai_credits": "0.15", "mcp_calls": 3}), gauge.event("1", {}))

    assert said.status == 200
    assert (said["accepted"], said["duplicates"]) == (2, 0)
    assert said["rejected"] == [
        {"index": 2, "id": "1", "code": "invalid_event", "message": "data names no metric."},
    ]
    assert said.headers["Cache-Control"] == "no-store"
    assert Event.objects.count() == 2


@row("usage.md", "Metering in", "endpoint")
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_stranger_learns_nothing(db, method):
    said = Client().generic(method, EVENTS, b"[]", content_type=BATCH, headers={"Authorization": "Bearer unknown"})

    assert (said.status_code, said.json()["code"]) == (401, "invalid_token")
    assert set(said.json()) == {"error", "code", "requestId"}


def test_another_method_is_405(gauge):
    said = gauge.wire.get(EVENTS, headers={"Authorization": f"Bearer {gauge.token}"})

    assert (said.status_code, said["Allow"]) == (405, "POST")


def test_a_persons_token_lacks_the_scope(gauge, acme_app, alice):
    gauge.token = acme_app.tokens_for(alice)["access_token"]

    said = gauge.send(gauge.event())

    assert (said.status, said["code"]) == (403, "insufficient_scope")
    assert not Event.objects.exists()


def test_an_ended_token_is_401(gauge):
    AccessToken.objects.all().delete()

    assert gauge.send(gauge.event()).status == 401


@row("usage.md", "Metering in", "content types")
@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; charset="UTF-8"', ";charset=Utf-8"])
@pytest.mark.parametrize("type_", [BATCH, "application/json", ONE, "Application/CloudEvents+JSON"])
def test_one_event_or_an_array_by_the_content_type(gauge, type_, charset):
    event = gauge.event()
    body = event if type_.lower() == ONE else [event]

    assert gauge.send_raw(json.dumps(body).encode(), type_ + charset)["accepted"] == 1


@row("usage.md", "Metering in", "400 or 415")
@pytest.mark.parametrize(
    "type_",
    [
        "",
        "text/plain",
        "application/xml",
        "application/cloudevents",
        "application/cloudevents+xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
    ],
)
def test_another_type_is_415(gauge, type_):
    said = gauge.send_raw(json.dumps([gauge.event()]).encode(), type_)

    assert (said.status, said["code"]) == (415, "unsupported_media_type")
    assert not Event.objects.exists()


BROKEN = [
    b"",
    b" ",
    b"[",
    b"{}{}",
    b"[1,]",
    b"[NaN]",
    b'[{"data": {"ai_tokens": Infinity}}]',
    b'[{"data": {"ai_tokens": -Infinity}}]',
    b"\xef\xbb\xbf[]",
    b'["\xff"]',
    b'["\xed\xa0\x80"]',
    "[]".encode("utf-16"),
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"null",
    b"1",
    b'"[]"',
]


@row("usage.md", "Metering in", "400 or 415")
@row("README.md", "Rules for all of them", "3")
@pytest.mark.parametrize("type_", [BATCH, "application/json", ONE])
@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_a_body_that_is_not_what_it_says_is_400(gauge, body, type_):
    said = gauge.send_raw(body, type_)

    assert (said.status, said["code"]) == (400, "invalid_request")
    assert set(said.body) == {"error", "code", "requestId"}


@row("usage.md", "Metering in", "400 or 415")
def test_an_array_where_one_event_is_needed_and_the_other_way_round(gauge):
    event = gauge.event()

    assert gauge.send_raw(json.dumps([event]).encode(), ONE).status == 400
    assert gauge.send_raw(json.dumps(event).encode(), BATCH).status == 400
    assert gauge.send_raw(json.dumps(event).encode(), "application/json").status == 400
    assert not Event.objects.exists()


def test_trap_20_nan_spoils_the_body_and_nothing_of_it_counts(gauge):
    body = json.dumps([gauge.event("1"), gauge.event("2", {"ai_tokens": float("nan")})])

    assert gauge.send_raw(body.encode()).status == 400
    assert not Event.objects.exists()


def test_an_empty_batch_is_a_batch(gauge):
    assert gauge.send().body == {"accepted": 0, "duplicates": 0, "rejected": []}


@row("usage.md", "Metering in", "limits")
def test_trap_30_5000_events_are_taken_and_one_more_is_not(gauge):
    events = [gauge.event(str(number)) for number in range(5001)]

    said = gauge.send(*events)
    assert (said.status, said["code"]) == (413, "too_many_events")
    assert not Event.objects.exists()
    assert gauge.send(*events[:5000])["accepted"] == 5000


@row("usage.md", "Metering in", "limits")
def test_trap_30_8_mib_are_read_and_a_byte_more_is_not(gauge):
    event = json.dumps([gauge.event()]).encode()

    said = gauge.send_raw(event.ljust(MAX_BYTES + 1))
    assert (said.status, said["code"]) == (413, "request_too_large")
    assert "8 MiB" in said["error"]
    assert not Event.objects.exists()
    assert gauge.send_raw(event.ljust(MAX_BYTES))["accepted"] == 1


@row("usage.md", "Metering in", "gzip")
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", " gzip "])
def test_gzip_is_understood(gauge, encoding):
    body = json.dumps([gauge.event()]).encode()

    assert gauge.send_raw(gzip.compress(body), **{"Content-Encoding": encoding})["accepted"] == 1


def test_gzip_in_several_members_is_one_body(gauge):
    body = json.dumps([gauge.event()]).encode()
    packed = gzip.compress(body[:20]) + gzip.compress(body[20:])

    assert gauge.send_raw(packed, **{"Content-Encoding": "gzip"})["accepted"] == 1


@row("usage.md", "Metering in", "gzip")
def test_the_limit_holds_after_unpacking(gauge):
    event = json.dumps([gauge.event()]).encode()

    said = gauge.send_raw(event.ljust(MAX_BYTES + 1), packed=True)
    assert (said.status, said["code"]) == (413, "request_too_large")
    assert gauge.send_raw(event.ljust(MAX_BYTES), packed=True)["accepted"] == 1


def test_a_gzip_bomb_is_left_off_at_the_limit(gauge):
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()

    assert gauge.send_raw(bomb, **{"Content-Encoding": "gzip"}).status == 413


@row("usage.md", "Metering in", "400 or 415")
@pytest.mark.parametrize("cut", [0, 1, 10, -8, -1])
def test_gzip_that_breaks_off_is_400(gauge, cut):
    packed = gzip.compress(json.dumps([gauge.event()]).encode())[:cut]

    assert gauge.send_raw(packed, **{"Content-Encoding": "gzip"}).status == 400
    assert not Event.objects.exists()


def test_gzip_that_is_none_is_400(gauge):
    body = json.dumps([gauge.event()]).encode()

    assert gauge.send_raw(body, **{"Content-Encoding": "gzip"}).status == 400
    assert gauge.send_raw(gzip.compress(body)).status == 400
    assert gauge.send_raw(gzip.compress(body) + b"more", **{"Content-Encoding": "gzip"}).status == 400


@row("usage.md", "Metering in", "400 or 415")
@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "nonsense"])
def test_another_encoding_is_415(gauge, encoding):
    said = gauge.send_raw(b"[]", **{"Content-Encoding": encoding})

    assert (said.status, said.headers["Accept-Encoding"]) == (415, "gzip")
