"""Deletes rows a small batch at a time: no sweep holds many locks, or any of them for long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection, models, transaction

BATCH = 500


def delete_batch(rows: models.QuerySet[Any], before: Callable[[list[Any]], None] | None = None) -> int:
    """Deletes at most `BATCH` of `rows`; how many. Any number of workers at once.

    Rows that somebody else holds are passed over, on PostgreSQL: they are there in the next round.
    `before` gets the keys first, in the same transaction.
    """
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        keys = list(rows.values_list("pk", flat=True)[:BATCH])
        if keys:
            if before:
                before(keys)
            rows.model._default_manager.filter(pk__in=keys).delete()
    return len(keys)
