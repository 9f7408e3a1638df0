"""How this deployment is, a line for each part: the start screen and `doctor` show it.

`doctor` also asks those whom the start does not wait for: `config/examination.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.db.models import Max

from accounts.models import OutgoingMail, User
from config import demo_data, heartbeat
from config.checks import unapplied_migrations
from oauth_provider.models import Application, SigningKey

MAIL_IS_LATE_AFTER = timedelta(minutes=5)
KEYS_ARE_LATE_AFTER_DAYS = 2


@dataclass(frozen=True, slots=True)
class Line:
    level: str  # ok, warn, fail
    part: str
    text: str

    def __str__(self) -> str:
        return f"  {self.level:<5} {self.part:<10} {self.text}"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def lines(now: datetime) -> list[Line]:
    parts: dict[str, Callable[[datetime], Line]] = {
        "database": database,
        "cache": shared_cache,
        "keys": keys,
        "mail": mail,
        **({"demo data": demo} if settings.EMBEDDED else {}),
        "worker": worker,
    }
    return [guarded(name, part, now) for name, part in parts.items()]


def guarded(name: str, part: Callable[[datetime], Line], now: datetime) -> Line:
    try:
        return part(now)
    except (DatabaseError, redis.RedisError) as failure:
        # Not its own words: they may quote an address with its password.
        return Line("fail", name, f"no answer ({type(failure).__name__})")


def database(now: datetime) -> Line:
    pending = unapplied_migrations()
    state = f"{plural(len(pending), 'migration')} to apply" if pending else "migrations up to date"
    return Line("fail" if pending else "ok", "database", f"{database_name()}, {state}")


def database_name() -> str:
    """Where the rows are, without the user and password of the address."""
    parts = urlsplit(settings.DATABASE_URL)
    if parts.scheme == "sqlite":
        file = Path(str(settings.DATABASES["default"]["NAME"]))
        return f"sqlite {file.relative_to(settings.ROOT) if file.is_relative_to(settings.ROOT) else file}"
    return f"postgresql {parts.hostname or 'local'}{parts.path}"


def shared_cache(now: datetime) -> Line:
    if not settings.REDIS_URL:
        return Line("warn", "cache", "in memory (this process only)")
    cache.get("doctor")
    return Line("ok", "cache", f"redis {urlsplit(settings.REDIS_URL).hostname or 'local'}")


def keys(now: datetime) -> Line:
    published = SigningKey.objects.filter(unpublished_at=None)
    count = Counter(published.values_list("key_set", flat=True))
    if not count:
        return Line("warn", "keys", "none: the worker makes them")
    named = [plural(number, f"{key_set} key") for key_set, number in sorted(count.items(), reverse=True)]
    youngest = published.values_list("key_set").annotate(Max("signs_from"))
    days = max((now - signs_from).days for _, signs_from in youngest)
    late = days >= settings.SIGNING_KEY_DAYS + KEYS_ARE_LATE_AFTER_DAYS
    text = f"{', '.join(named)}, rotated {plural(max(0, days), 'day')} ago"
    return Line("warn" if late else "ok", "keys", f"{text}: is there a worker?" if late else text)


def mail(now: datetime) -> Line:
    if late := OutgoingMail.objects.filter(created_at__lte=now - MAIL_IS_LATE_AFTER).count():
        return Line(
            "warn", "mail", f"{plural(late, 'mail')} waiting since 5 minutes and more: the worker's log says why"
        )
    if settings.EMAIL_URL:
        return Line("ok", "mail", f"sent by {urlsplit(settings.EMAIL_URL).hostname}")
    return Line("ok", "mail", f"caught: {settings.BASE_URL}/dev/mail")


def demo(now: datetime) -> Line:
    if not demo_data.path().exists():
        return Line("warn", "demo data", "none: run manage.py seed_demo")
    people = f"{User.objects.count()} people"
    return Line("ok", "demo data", f"{people}, {plural(Application.objects.count(), 'client')}")


def worker(now: datetime) -> Line:
    seen = heartbeat.last_beat()
    if seen is None:
        return Line("warn", "worker", "never seen: start manage.py work")
    if heartbeat.is_silent(now):
        return Line("warn", "worker", f"silent since {seen:%Y-%m-%dT%H:%M:%SZ}")
    return Line("ok", "worker", f"seen {max(0, int((now - seen).total_seconds()))} s ago")


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
