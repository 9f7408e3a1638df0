"""How long events have waited for ClickHouse: for metrics, the admin and `doctor`."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min

from usage.models import IngestGate, OutgoingBatch

# It is seconds while a worker and ClickHouse are there.
LATE_MINUTES = 10


def is_copied() -> bool:
    return IngestGate.objects.filter(is_copied=True).exists()


def longest_seconds(now: datetime) -> float:
    """0 if none waits. What was there before ClickHouse was, and goes by and by, is not counted."""
    since = OutgoingBatch.objects.filter(source_ids__isnull=False).aggregate(at=Min("created_at"))["at"]
    return max(0.0, (now - since).total_seconds()) if since else 0
