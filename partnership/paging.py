"""Paged lists, newest first: a cursor names the last row that was given.

Source: contract/README.md, rule 9.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime

from oauth_provider.opaque import base64url
from partnership.errors import Fault, Invalid

M = TypeVar("M", bound=Model)
Key = tuple[datetime, object]  # a row's time and primary key
DEFAULT_LIMIT = 50
MAX_LIMIT = 200


def page(rows: QuerySet[M], query: Mapping[str, str], *, time_field: str) -> tuple[list[M], str | None]:
    """The rows after the cursor of `query`, at most its `limit`, and the next cursor.

    Raises Invalid (422), which names `limit` or `cursor`.
    """
    limit, after = read_page(query, rows.model)
    ordered = rows.order_by(f"-{time_field}", "-pk")
    if after:
        at, key = after
        ordered = ordered.filter(Q(**{f"{time_field}__lt": at}) | Q(**{time_field: at, "pk__lt": key}))
    found = list(ordered[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], base64url(f"{getattr(last, time_field).isoformat()} {last.pk}".encode())


def read_page(query: Mapping[str, str], model: type[Model]) -> tuple[int, Key | None]:
    """`limit`, and the row that `cursor` names, if any. Raises Invalid (422), which names `limit` or `cursor`."""
    return read_limit(query.get("limit")), read_cursor(query["cursor"], model) if query.get("cursor") else None


def read_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise Invalid(Fault("limit", "not_allowed", f"limit must be a whole number from 1 to {MAX_LIMIT}."))
    return int(text)


def read_cursor(text: str, model: type[Model]) -> Key:
    try:
        at_text, _, key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(" ")
        at = parse_datetime(at_text)
        at = at.astimezone(UTC) if at is not None and at.tzinfo else None
        pk: object = model._meta.pk.to_python(key)
    except (ValueError, OverflowError, ValidationError) as fault:
        raise Invalid(Fault("cursor", "invalid", "cursor must be a next_cursor of this list.")) from fault
    if at is None or pk is None:
        raise Invalid(Fault("cursor", "invalid", "cursor must be a next_cursor of this list."))
    return at, pk
