"""The cursor of a list of events: time, source and id of the last one that was given."""

import base64
import json
from datetime import UTC, datetime

from oauth_provider.opaque import base64url
from partnership.errors import Fault, Invalid
from usage.cloud_events import Refused, read_name

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
        key = datetime.fromisoformat(at).astimezone(UTC), read_name(source, "source"), read_name(id_, "id")
    except (ValueError, TypeError, OverflowError, RecursionError, Refused):
        raise Invalid(Fault("cursor", "invalid", "cursor must be a next_cursor of this list.")) from None
    return key
