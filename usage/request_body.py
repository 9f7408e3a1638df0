"""The body of a metering request: bytes to the events in it, each still unchecked.

Source: usage.md, "Metering in"; CloudEvents HTTP binding (structured and batched mode); RFC 9110.
"""

import gzip
import zlib
from io import BytesIO

from django.http import HttpRequest

from accounts.errors import BadRequest, RequestTooLarge
from usage import literals
from usage.errors import TooManyEvents, UnsupportedMediaType

MAX_EVENTS = 5_000
MAX_BYTES = 8 * 1024 * 1024  # after unpacking; before it, the path's row in BODY_LIMITS_BYTES

ONE_EVENT = "application/cloudevents+json"
BATCHES = ("application/cloudevents-batch+json", "application/json")
GZIP = ("gzip", "x-gzip")


def read_events(request: HttpRequest) -> list[object]:
    """The events that `request` brings, in their order, at most MAX_EVENTS.

    Raises UnsupportedMediaType (415), RequestTooLarge (413), BadRequest (400: not what it says it is).
    """
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    # Before the body is touched: of a form Django has read it already, to look for a token.
    check_type(str(request.content_type), (request.content_params or {}).get("charset", "utf-8"), encoding)
    held = parse(unpack(request.body) if encoding in GZIP else request.body)
    if request.content_type == ONE_EVENT:
        if not isinstance(held, dict):
            raise BadRequest(f"{ONE_EVENT} is one event, a JSON object.")
        return [held]
    if not isinstance(held, list):
        raise BadRequest(f"{' and '.join(BATCHES)} are an array of events; one event is {ONE_EVENT}.")
    if len(held) > MAX_EVENTS:
        raise TooManyEvents
    return held


def check_type(media_type: str, charset: str, encoding: str) -> None:
    if media_type not in (ONE_EVENT, *BATCHES):
        raise UnsupportedMediaType(f"Send {ONE_EVENT}, {' or '.join(BATCHES)}.")
    if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType("Send JSON in UTF-8.")
    if encoding not in ("", "identity", *GZIP):
        raise UnsupportedMediaType("Send the body plain or with gzip.", headers={"Accept-Encoding": "gzip"})


def unpack(packed: bytes) -> bytes:
    """`packed` undone, no further than the limit, however much it would become."""
    try:
        with gzip.GzipFile(fileobj=BytesIO(packed)) as file:
            unpacked = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise BadRequest("The body is not gzip, or it breaks off.") from None
    if len(unpacked) > MAX_BYTES:
        raise RequestTooLarge(f"The request body is larger than {MAX_BYTES // 1024**2} MiB when unpacked.")
    return unpacked


def parse(raw: bytes) -> object:
    try:
        return literals.parse(raw.decode())
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None
    except literals.NotJSON as why:
        raise BadRequest(str(why)) from None
