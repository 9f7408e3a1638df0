"""Sends what was posted: at least once, until it is taken or a day has passed.

The row is the job. A worker killed in the middle leaves one whose lease ends, and another sends
it again under the same Message-ID. No transaction is open while the mail server is spoken to.
"""

from __future__ import annotations

import smtplib
import time
from datetime import datetime, timedelta

import structlog
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F, Q, QuerySet

from accounts import mail
from accounts.models import OutgoingMail

log = structlog.get_logger("gatehouse.mail")

# Well above what a slow server can take: EMAIL_TIMEOUT holds for each of its answers.
LEASE = timedelta(seconds=120)
BACKOFF_SECONDS = (5, 15, 60, 300, 600)  # between attempts; the last one again and again
GIVE_UP_AFTER = timedelta(days=1)


def deliver_due(now: datetime, *, limit: int = 100) -> int:
    """Sends up to `limit` mails that are due, over one connection. How many it tried.

    Any number of workers may call it at once. After a failure it ends, and the connection with it.
    """
    count, began, at = 0, time.monotonic(), now
    server = get_connection()
    try:
        while count < limit and (found := claim_due(at)):
            count += 1
            if not deliver(found, server, at):
                break
            at = now + timedelta(seconds=time.monotonic() - began)
    finally:
        server.close()
    return count


def claim_due(now: datetime) -> OutgoingMail | None:
    """The mail that is due longest, leased to the caller; None if there is none."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    while found := OutgoingMail.objects.filter(free, due_at__lte=now).order_by("due_at", "id").first():
        mine = held(found).update(fence=F("fence") + 1, attempts=F("attempts") + 1, lease_until=now + LEASE)
        if mine:
            found.refresh_from_db()
            return found
    return None


def held(found: OutgoingMail) -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(pk=found.pk, fence=found.fence)


def deliver(found: OutgoingMail, server: BaseEmailBackend, now: datetime) -> bool:
    """Whether the server took it, or nobody was to get it. What came of it is in the row, or the row is gone."""
    try:
        message = mail.written(found)
        if message:
            server.open()
            server.send_messages([message])
    except Exception as fault:  # whatever a letter breaks must not stop the letters behind it
        put_off(found, fault, now)
        return False
    held(found).delete()
    return True


def put_off(found: OutgoingMail, fault: Exception, now: datetime) -> None:
    """For another attempt, unless a day has passed or the server says that there is no such address."""
    told = {"mail": str(found.uuid), "attempts": found.attempts, "detail": type(fault).__name__}
    if is_final(fault) or found.created_at + GIVE_UP_AFTER <= now:
        log.error("mail given up", **told)
        held(found).delete()
        return
    log.warning("mail not sent", **told)
    wait_seconds = BACKOFF_SECONDS[min(found.attempts, len(BACKOFF_SECONDS)) - 1]
    held(found).update(due_at=now + timedelta(seconds=wait_seconds), lease_until=None)


def is_final(fault: Exception) -> bool:
    """RFC 5321 section 4.2.1: a reply of 5yz is not to be asked for again."""
    if not isinstance(fault, smtplib.SMTPRecipientsRefused):
        return False
    return all(code >= 500 for code, _ in fault.recipients.values())


def forget(address: str) -> None:
    """Letters that wait for `address` are not sent any more."""
    for found in OutgoingMail.objects.iterator():
        try:
            is_theirs = mail.address_of(found).lower() == address.lower()
        except ValueError:  # no key decrypts it: nobody can send it either
            continue
        if is_theirs:
            found.delete()
