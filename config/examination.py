"""What `doctor` asks of others, a few seconds each: the database's clock, mail, ClickHouse, provisioners."""

from __future__ import annotations

import smtplib
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone

from config.condition import Line, guarded
from partnership import catalog
from partnership.models import Provisioner
from partnership.provisioners.base import DriverError
from usage import waiting
from usage.clickhouse_store.server import HttpClickHouse
from usage.errors import EventsUnavailable

# Codes live for 300 s and proofs are good for less; hosts that keep time are within milliseconds.
SKEW_WARNS_SECONDS, SKEW_FAILS_SECONDS = 1, 10


def lines(now: datetime) -> list[Line]:
    return [guarded("clock", clock, now), mail_server(), *clickhouse(now), *provisioners(now)]


def clock(now: datetime) -> Line:
    """The database's against this host's: usage and statements go by the one, tokens by the other."""
    if connection.vendor != "postgresql":
        return Line("ok", "clock", "this host's alone")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # connected before the time is taken
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
        ours = before + (timezone.now() - before) / 2
    return judged((theirs - ours).total_seconds())


def judged(seconds: float) -> Line:
    skew = abs(seconds)
    text = f"the database's is {skew:.3f} s {'ahead of' if seconds > 0 else 'behind'} this host's"
    if skew >= SKEW_FAILS_SECONDS:
        return Line("fail", "clock", f"{text}: set both by NTP")
    return Line("warn" if skew >= SKEW_WARNS_SECONDS else "ok", "clock", text)


def mail_server() -> Line:
    """Whether it takes a connection, TLS and password; no mail is sent."""
    if not settings.EMAIL_URL:
        return Line("ok", "mail server", "none: mails are caught")
    try:
        with get_connection():
            pass
    except (OSError, smtplib.SMTPException) as failure:
        # Not its own words: a server may quote the user's name.
        return Line("fail", "mail server", f"{settings.EMAIL_HOST} does not take mail ({type(failure).__name__})")
    return Line("ok", "mail server", f"{settings.EMAIL_HOST} answers")


def clickhouse(now: datetime) -> list[Line]:
    """None where events are in the database alone, or it does not say so: that is another line's."""
    with suppress(DatabaseError):
        if settings.CLICKHOUSE_URL or waiting.is_copied():
            return [guarded("events", copied, now)]
    return []


def copied(now: datetime) -> Line:
    if not settings.CLICKHOUSE_URL:
        text = "wait for ClickHouse: set GATEHOUSE_CLICKHOUSE_URL again, or run manage.py stop_copying"
        return Line("warn", "events", text)
    host = urlsplit(settings.CLICKHOUSE_URL).hostname
    try:
        HttpClickHouse(settings.CLICKHOUSE_URL, timeout_seconds=5).rows("SELECT 1")
    except EventsUnavailable:
        # Not its own words: they may quote the user's name.
        return Line("fail", "events", f"ClickHouse at {host} does not answer, or refuses the user")
    seconds = int(waiting.longest_seconds(now))
    late = seconds >= 60 * waiting.LATE_MINUTES
    return Line("warn" if late else "ok", "events", f"ClickHouse at {host} answers; the oldest has waited {seconds} s")


def provisioners(now: datetime) -> list[Line]:
    """A line for each that makes projects, or has some; what waits for its purge is there too."""
    has_some = Q(projects__deleted_at=None, projects__isnull=False) | Q(projects__purge_at__isnull=False)
    wanted = Q(regions__is_offered=True) | has_some

    def listed(now: datetime) -> Line:
        names = Provisioner.objects.filter(wanted).distinct().order_by("name")
        found.extend(names)
        return Line("ok", "projects", f"made by {', '.join(each.name for each in found) or 'nobody'}")

    found: list[Provisioner] = []
    first = guarded("projects", listed, now)
    return [first, *(reached(each) for each in found)]


def reached(provisioner: Provisioner) -> Line:
    try:
        catalog.get_driver(provisioner).reach()
    except DriverError as fault:
        return Line("fail", "provisioner", f"{provisioner.name}: {fault.message}")
    except (ValueError, KeyError):
        return Line("fail", "provisioner", f"{provisioner.name}: its settings can't be read; enter them again")
    return Line("ok", "provisioner", f"{provisioner.name} answers")
