"""The cursor of a list of events: time, source and id of the last one that was given."""

import base64
import binascii
import json
from datetime import datetime

from oauth_provider.opaque import base64url
from partnership.errors import Fault, Invalid

EventKey = tuple[datetime, str, str]


def write_event_cursor(key: EventKey | None) -> str | None:
    if key is None:
        return None
    at, source, id_ = key
    return base64url(json.dumps([at.isoformat(), source, id_]).encode())


def read_event_cursor(text: str | None) -> EventKey | None:
    """Raises Invalid (422) for what `write_event_cursor` did not write."""
    if text is None:
        return None
    try:
        at, source, id_ = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        key = datetime.fromisoformat(at), str(source), str(id_)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise Invalid(Fault("cursor", "invalid", "cursor must be a next_cursor of this list.")) from None
    if key[0].tzinfo is None or "\0" in source + id_:
        raise Invalid(Fault("cursor", "invalid", "cursor must be a next_cursor of this list."))
    return key
