from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from usage.sql_store.sql import fetch, is_postgresql


def clock() -> datetime:
    """Now, by the database's clock. SQLite has none of its own: it is in this process."""
    if not is_postgresql():
        return timezone.now()
    now: datetime = fetch("SELECT clock_timestamp()")[0][0]
    return now


def now_in_sql() -> tuple[str, list[datetime]]:
    """The same inside a statement: an expression, and the parameters that it takes."""
    return ("clock_timestamp()", []) if is_postgresql() else ("%s", [timezone.now()])
