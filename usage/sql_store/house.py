"""What the worker does for the store, again and again."""

from __future__ import annotations

from datetime import datetime

from usage.sql_store import closing


def keep(now: datetime) -> int:
    return closing.turn_generation(now)
