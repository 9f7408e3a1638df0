"""When a worker last went round: in the shared cache, or in a file where one machine is all."""

from datetime import datetime

from django.conf import settings
from django.core.cache import cache

KEY = "worker.heartbeat"
SILENT_AFTER_SECONDS = 60


def beat(now: datetime) -> None:
    if settings.REDIS_URL:
        cache.set(KEY, now.isoformat(), timeout=None)
    else:
        (settings.VAR / KEY).write_text(now.isoformat())


def last_beat() -> datetime | None:
    """The time of the last beat of any worker; None if there never was one."""
    if settings.REDIS_URL:
        text = cache.get(KEY)
    else:
        path = settings.VAR / KEY
        text = path.read_text() if path.exists() else None
    return datetime.fromisoformat(text) if text else None


def is_silent(now: datetime) -> bool:
    """Whether no worker goes round: nothing is swept, sent or delivered, and staff must know."""
    seen = last_beat()
    return seen is None or (now - seen).total_seconds() > SILENT_AFTER_SECONDS
