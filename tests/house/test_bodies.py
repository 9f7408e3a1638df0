"""Bodies whose length a server in front of us does not tell as ours does (tests/lanes/test_chunked_bodies.py)."""

from io import BytesIO

import pytest
from django.test import Client

from tests.clients import TOKEN

CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked"}


def test_a_server_that_leaves_the_chunks_in_gets_no_body_read():
    answer = Client().post(TOKEN, b"", content_type="application/json", CONTENT_LENGTH="", **CHUNKED)
    assert (answer.status_code, answer.json()["error"]) == (411, "invalid_request")


@pytest.mark.parametrize("coding", ["chunked", "gzip, chunked", "gzip"])
def test_attack_111_two_lengths_are_refused_whatever_the_server_made_of_them(coding):
    headers = {"HTTP_TRANSFER_ENCODING": coding, "wsgi.input_terminated": True}
    answer = Client().post(TOKEN, b"{}", content_type="application/json", **headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


class BrokenOff(BytesIO):
    def read(self, *args):
        raise ConnectionResetError


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_that_breaks_off_is_the_callers_fault(content_type):
    given = {"CONTENT_LENGTH": "9", "wsgi.input": BrokenOff()}
    answer = Client().post(TOKEN, b"", content_type=content_type, **given)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("path", [TOKEN, "/api/oauth/v1/device_authorization", "/api/oauth/v1/nothing"])
def test_what_django_answers_by_itself_is_as_guarded_and_as_long_as_all_else(path, db):
    answer = Client().get(path)
    assert answer.status_code in (404, 405)
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer["Content-Length"] == str(len(answer.content))
