"""Events on their way to partners' endpoints: at least once, in order per project.

An endpoint's next delivery of a project waits until the one before it was taken or given up.
The row is the job: a killed worker's delivery is sent again by another when its lease ends.
Rows are read and written by the caller's thread alone; the threads that wait for strangers'
servers get plain values and hold no transaction and no connection.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import F

from accounts import mail
from accounts.encryption import decrypt
from accounts.stamps import stamp
from oauth_provider import safe_fetch
from oauth_provider.safe_fetch import Reach, Refused
from partnership import letters, signatures, webhooks
from partnership.due_deliveries import find_due
from partnership.models import Delivery, Event, Webhook

log = structlog.get_logger("gatehouse.webhook")

Outcome = Delivery.Outcome
Status = Delivery.Status

SENDERS = 8  # requests under way at once in one worker
TIMEOUT_SECONDS = 10
# Well above the time limit: nobody takes over what is still being sent.
LEASE = timedelta(seconds=30)
# A worker has other duties: it takes up nothing new after so long.
ROUND_SECONDS = 5
# Between attempts; after the last one the delivery is given up, 3 days after the first.
BACKOFF_SECONDS = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200, 57_600, 108_000)
MAX_RETRY_AFTER_SECONDS = 3600
# An endpoint that took nothing for so long is switched off.
GIVE_UP_AFTER = timedelta(days=3)
# How long one that answers too slowly is left alone, so that it can't keep every sender busy.
REST = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that a sender needs to know."""

    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    reach: Reach


@dataclass(frozen=True, slots=True)
class Report:
    """What one attempt met."""

    outcome: Delivery.Outcome
    status: int | None = None
    retry_after_seconds: int = 0
    duration_ms: int = 0


class Clock:
    """The time that passes while one round goes on, counted from the `now` it was given."""

    def __init__(self, now: datetime) -> None:
        self.began_at = now
        self.began = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def now(self) -> datetime:
        return self.began_at + timedelta(seconds=self.seconds())


def deliver_due(now: datetime, *, limit: int = 100) -> int:
    """Sends up to `limit` deliveries that are due at `now`, several at once. How many attempts it made.

    Any number of workers may call it at once. It returns within ROUND_SECONDS and the time limit
    of a request.
    """
    clock, count = Clock(now), 0
    under_way: dict[Future[Report], Delivery] = {}
    with ThreadPoolExecutor(SENDERS, "delivery") as senders:
        while True:
            while len(under_way) < SENDERS and count < limit and clock.seconds() < ROUND_SECONDS:
                delivery = claim_due(clock.now())
                if delivery is None:
                    break
                under_way[senders.submit(attempt, prepare(delivery, clock.now()))] = delivery
                count += 1
            if not under_way:
                return count
            for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                settle(under_way.pop(done), done.result(), clock.now())


def claim_due(now: datetime) -> Delivery | None:
    """The next due delivery whose forerunners are done, leased to the caller; None if there is none.

    An endpoint that is being spoken to, or rests, is passed over: one that hangs holds one sender, not all.
    That is a rule of fairness only; the order per project and the lease are what must hold.
    """
    while (due := find_due(now)).exists():  # this look takes no lock: on SQLite a transaction is the one writer's
        with transaction.atomic():
            if connection.features.has_select_for_update_skip_locked:
                due = due.select_for_update(skip_locked=True, of=("self",))
            found = due.first()
            if found is None:
                return None
            if lease(found, now):
                return Delivery.objects.select_related("webhook__partner", "event").get(pk=found.pk)
    return None


def lease(delivery: Delivery, now: datetime) -> bool:
    """Whether `delivery` is now the caller's. The attempt counts from here: also one that kills us."""
    mine = Delivery.objects.filter(pk=delivery.pk, fence=delivery.fence, status=Status.PENDING)
    return bool(mine.update(fence=F("fence") + 1, attempts=F("attempts") + 1, lease_until=now + LEASE))


def prepare(delivery: Delivery, now: datetime) -> Parcel | None:
    """The signed request; None, and the reason in the log, if our own keys can't sign it."""
    event, body = delivery.event, payload(delivery.event)
    try:
        secrets = live_secrets(delivery.webhook, now)
    except ValueError as fault:
        log.error("delivery not signed", webhook=str(delivery.webhook_id), detail=str(fault))
        return None
    signed = signatures.headers(message_id(event), body, secrets, now)
    return Parcel(delivery.webhook.url, {"Content-Type": "application/json", **signed}, body, webhooks.reach())


def message_id(event: Event) -> str:
    """The event's, also for a replay: a receiver knows a repetition by it."""
    return f"msg_{event.uuid.hex}"


def payload(event: Event) -> bytes:
    """The same bytes at every attempt."""
    return json.dumps({"type": event.type, "timestamp": stamp(event.occurred_at), "data": event.data}).encode()


def live_secrets(webhook: Webhook, now: datetime) -> list[str]:
    found = [decrypt(webhook.encrypted_secret)]
    ends_at = webhook.previous_secret_expires_at
    if webhook.encrypted_previous_secret and ends_at and ends_at > now:
        found.append(decrypt(webhook.encrypted_previous_secret))
    return found


def attempt(parcel: Parcel | None) -> Report:
    """One request, in a sender's thread. Whatever happens is a report."""
    if parcel is None:
        return Report(Outcome.NOT_SENT)
    began = time.monotonic()
    try:
        answer = safe_fetch.fetch(
            "POST",
            parcel.url,
            headers=parcel.headers,
            body=parcel.body,
            timeout_seconds=TIMEOUT_SECONDS,
            max_bytes=0,  # the status says whether it was taken
            reach=parcel.reach,
        )
    except Refused as refusal:
        return Report(OUTCOMES[refusal.outcome], duration_ms=milliseconds_since(began))
    except Exception:
        log.exception("sender broke")
        return Report(Outcome.NOT_SENT, duration_ms=milliseconds_since(began))
    wait_seconds = retry_after_seconds(answer.headers.get("retry-after", ""))
    return Report(OUTCOMES[answer.outcome], answer.status, wait_seconds, milliseconds_since(began))


OUTCOMES = {
    safe_fetch.Outcome.OK: Outcome.DELIVERED,
    safe_fetch.Outcome.REDIRECTED: Outcome.REDIRECT,
    safe_fetch.Outcome.BAD_STATUS: Outcome.STATUS,
    safe_fetch.Outcome.INVALID_ADDRESS: Outcome.PRIVATE,
    safe_fetch.Outcome.ADDRESS_REFUSED: Outcome.PRIVATE,
    safe_fetch.Outcome.LOOKUP_FAILED: Outcome.LOOKUP,
    safe_fetch.Outcome.CONNECTION_FAILED: Outcome.CONNECT,
    safe_fetch.Outcome.TLS_FAILED: Outcome.TLS,
    safe_fetch.Outcome.TIMED_OUT: Outcome.TIMEOUT,
    safe_fetch.Outcome.TOO_LARGE: Outcome.TOO_LARGE,
    safe_fetch.Outcome.INVALID_ANSWER: Outcome.INVALID,
}


def milliseconds_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def retry_after_seconds(text: str) -> int:
    """The form in seconds; a date, which hardly anybody sends, counts as none."""
    is_number = text.isascii() and text.isdecimal() and len(text) < 10
    return min(int(text), MAX_RETRY_AFTER_SECONDS) if is_number else 0


def settle(delivery: Delivery, report: Report, now: datetime) -> None:
    """Writes down what came of an attempt, and what follows for the delivery and its endpoint."""
    log.info(
        "delivery",
        webhook=str(delivery.webhook_id),
        type=delivery.event.type,
        outcome=str(report.outcome),
        status=report.status,
        attempts=delivery.attempts,
    )
    with transaction.atomic():
        # First, as everybody does who writes both: two of us must not wait for each other.
        Webhook.objects.select_for_update(no_key=True).filter(pk=delivery.webhook_id).first()
        if not write(delivery, report, now):
            return  # another worker's by now, or deleted
        note(delivery.webhook, report, now)
    reason = reason_to_disable(delivery.webhook, report, now)
    if reason:
        switch_off(delivery.webhook, reason, now)


def switch_off(webhook: Webhook, reason: str, now: datetime) -> None:
    with transaction.atomic():
        if webhooks.disable(webhook, reason, now=now):
            mail.post(webhook.partner.contact_email, letters.webhook_disabled(webhook, reason), None, now)


def write(delivery: Delivery, report: Report, now: datetime) -> bool:
    held = Delivery.objects.filter(pk=delivery.pk, fence=delivery.fence, status=Status.PENDING)
    told = {"at": now.isoformat(), "outcome": report.outcome, "response_status": report.status}
    columns: dict[str, object] = {
        "outcome": report.outcome,
        "response_status": report.status,
        "last_attempt_at": now,
        "lease_until": None,
        "history": [*delivery.history, {**told, "duration_ms": report.duration_ms}],
    }
    if report.outcome == Outcome.DELIVERED:
        return bool(held.update(status=Status.DELIVERED, finished_at=now, **columns))
    if delivery.attempts > len(BACKOFF_SECONDS):
        return bool(held.update(status=Status.FAILED, finished_at=now, **columns))
    wait_seconds = max(BACKOFF_SECONDS[delivery.attempts - 1], report.retry_after_seconds)
    return bool(held.update(due_at=now + timedelta(seconds=wait_seconds), **columns))


def note(webhook: Webhook, report: Report, now: datetime) -> None:
    """Since when nothing gets through to `webhook`, and whether it needs a rest."""
    row = Webhook.objects.filter(pk=webhook.pk)
    if report.outcome == Outcome.DELIVERED:
        row.filter(failing_since__isnull=False).update(failing_since=None)
        return
    row.filter(failing_since__isnull=True).update(failing_since=now)
    if report.outcome == Outcome.TIMEOUT:
        row.update(rests_until=now + REST)


def reason_to_disable(webhook: Webhook, report: Report, now: datetime) -> str:
    """Empty to leave it on. 410 is the receiver's own wish (Standard Webhooks, "Deliverability")."""
    if report.status == 410:
        return "gone"
    long_failing = Webhook.objects.filter(pk=webhook.pk, failing_since__lte=now - GIVE_UP_AFTER)
    return "failing" if long_failing.exists() else ""
