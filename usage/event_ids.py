"""Event ids as bytes, the common kinds in 17: an id stands in the row and in the key of every event.

Reversible to the letter: only the one canonical spelling of a UUID (lower case) or a ULID (upper
case) is packed; everything else is kept as it is, in UTF-8 behind a tag.
"""

import re
from uuid import UUID

TEXT, UUID_TAG, ULID_TAG = b"\x00", b"\x01", b"\x02"
UUID_LENGTH, ULID_LENGTH = 36, 26
CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # https://github.com/ulid/spec
CANONICAL_ULID = re.compile(f"[0-7][{CROCKFORD}]{{25}}")
BASE32 = "0123456789ABCDEFGHIJKLMNOPQRSTUV"  # as Python reads base 32
TO_BASE32 = str.maketrans(CROCKFORD, BASE32)


def pack(event_id: str) -> bytes:
    """`event_id` as bytes. Raises UnicodeEncodeError for a lone surrogate, which is no text."""
    length = len(event_id)
    if length == ULID_LENGTH and CANONICAL_ULID.fullmatch(event_id):
        return ULID_TAG + int(event_id.translate(TO_BASE32), 32).to_bytes(16)
    if length == UUID_LENGTH and CANONICAL_UUID.fullmatch(event_id):
        return UUID_TAG + bytes.fromhex(event_id.replace("-", ""))
    return TEXT + event_id.encode()


def unpack(packed: bytes) -> str:
    """The id that `pack` was given."""
    tag, rest = packed[:1], packed[1:]
    if tag == TEXT:
        return rest.decode()
    if tag == UUID_TAG:
        return str(UUID(bytes=rest))
    number = int.from_bytes(rest)
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
