"""Bodies whose length a server in front of us does not tell as ours does (tests/lanes/test_chunked_bodies.py)."""

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
