"""The body of a metering request: bytes to the events in it, each still unchecked.

Source: usage.md, "Metering in"; CloudEvents HTTP binding (structured and batched mode); RFC 9110.
"""

import zlib
from io import BytesIO

from django.http import HttpRequest

from accounts.errors import BadRequest, RequestTooLarge
from usage import literals
from usage.errors import TooManyEvents, UnsupportedMediaType

MAX_EVENTS = 5_000
MAX_BYTES = 8 * 1024 * 1024  # after unpacking; before it, the path's row in BODY_LIMITS_BYTES
# 8 MiB of brackets are millions of objects, and many seconds of work; an event has some twenty values.
MAX_VALUES = 50 * MAX_EVENTS
MAX_MEMBERS = 1_000  # of a gzip file (RFC 1952 section 2.2); tools that write several make 64 KiB of each
PIECE_BYTES = 64 * 1024
GZIP_WINDOW = 16 + zlib.MAX_WBITS  # as zlib asks for a gzip header and trailer

ONE_EVENT = "application/cloudevents+json"
BATCHES = ("application/cloudevents-batch+json", "application/json")
GZIP = ("gzip", "x-gzip")
NOT_GZIP = "The body is not gzip, or it breaks off."


def read_events(request: HttpRequest) -> list[object]:
    """The events that `request` brings, in their order, at most MAX_EVENTS.

    Raises UnsupportedMediaType (415), RequestTooLarge (413), BadRequest (400: not what it says it is).
    """
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
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
    """`packed` undone, no further than the limits, however much it would become.

    Piece by piece: Python's `gzip` takes seconds for megabytes of empty members or of padding.
    """
    stream, rest, unpacked, members = BytesIO(packed), b"", bytearray(), 0
    member = None
    try:
        while piece := rest or stream.read(PIECE_BYTES):
            if member is None:
                member, members = zlib.decompressobj(wbits=GZIP_WINDOW), members + 1
            unpacked += member.decompress(piece, MAX_BYTES + 1 - len(unpacked))
            if len(unpacked) > MAX_BYTES or members > MAX_MEMBERS:
                raise RequestTooLarge(f"The request body is larger than {MAX_BYTES // 1024**2} MiB when unpacked.")
            rest = member.unused_data
            member = None if member.eof else member
    except zlib.error:
        raise BadRequest(NOT_GZIP) from None
    if member is not None or not members:
        raise BadRequest(NOT_GZIP)
    return bytes(unpacked)


def parse(raw: bytes) -> object:
    if sum(map(raw.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise RequestTooLarge(f"The request body holds more values than {MAX_EVENTS:,} events have.")
    try:
        return literals.parse(raw.decode())
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None
    except literals.NotJSON as why:
        raise BadRequest(str(why)) from None
