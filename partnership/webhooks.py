"""Deliveries to partners' endpoints: signed, at least once, in order per project.

Standard Webhooks 1.0: https://github.com/standard-webhooks/standard-webhooks. An endpoint's
next delivery of a project waits until the one before it was taken or given up. The row is the
job, as with operations: a killed worker's delivery is sent again by another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.encryption import decrypt, encrypt
from oauth_provider import safe_fetch
from partnership import events, mail
from partnership.models import Delivery, Event, Webhook

log = structlog.get_logger("gatehouse.webhook")

Outcome = Delivery.Outcome
Status = Delivery.Status

TIMEOUT_SECONDS = 10
LEASE = timedelta(seconds=30)
# Between attempts; after the last one the delivery is given up, 3 days after the first.
BACKOFF_SECONDS = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200, 57_600, 108_000)
# An endpoint that took nothing for so long is switched off.
GIVE_UP_AFTER = timedelta(days=3)
MAX_ANSWER_BYTES = 64 * 1024

OUTCOMES = {
    "invalid_address": Outcome.PRIVATE,
    "address_refused": Outcome.PRIVATE,
    "name_not_resolved": Outcome.LOOKUP,
    "connection_failed": Outcome.CONNECT,
    "tls_failed": Outcome.TLS,
    "timed_out": Outcome.TIMEOUT,
    "answer_too_large": Outcome.TOO_LARGE,
    "invalid_answer": Outcome.CONNECT,
}


def new_secret() -> str:
    """`whsec_` and 24 random bytes in base64, as the standard writes symmetric secrets."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def rotate_secret(webhook: Webhook, *, overlap_seconds: int, now: datetime) -> str:
    """A new secret; until the overlap ends every delivery carries a signature by each."""
    secret = new_secret()
    webhook.encrypted_previous_secret = webhook.encrypted_secret
    webhook.previous_secret_expires_at = now + timedelta(seconds=overlap_seconds)
    webhook.encrypted_secret = encrypt(secret)
    webhook.save(update_fields=["encrypted_secret", "encrypted_previous_secret", "previous_secret_expires_at"])
    return secret


def replay(webhook: Webhook, missed: QuerySet[Event], now: datetime) -> int:
    """Sends those events that the endpoint asks for again, in their order. How many."""
    asked = missed.filter(type__in=webhook.event_types or events.WEBHOOK_TYPES)
    rows = [
        Delivery(webhook=webhook, event=event, project_id=event.project_id, is_replay=True, created_at=now, due_at=now)
        for event in asked.order_by("id")
    ]
    return len(Delivery.objects.bulk_create(rows, batch_size=500))


def deliver_due(now: datetime, *, limit: int = 20) -> int:
    """Sends up to `limit` deliveries that are due at `now`. How many it sent."""
    count = 0
    while count < limit and (delivery := claim_due(now)):
        deliver(delivery, now)
        count += 1
    return count


def claim_due(now: datetime) -> Delivery | None:
    """The next due delivery whose forerunners to the same endpoint are done, leased to the caller."""
    pending = Delivery.objects.filter(status=Status.PENDING)
    before = pending.filter(webhook=OuterRef("webhook"), project_id=OuterRef("project_id"), pk__lt=OuterRef("pk"))
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = pending.filter(free, ~Exists(before), due_at__lte=now).order_by("due_at", "pk")
    while due.exists():
        with transaction.atomic():
            looked_at = due
            if connection.features.has_select_for_update_skip_locked:
                looked_at = due.select_for_update(skip_locked=True, of=("self",))
            found = looked_at.first()
            if found is None:
                return None
            mine = Delivery.objects.filter(pk=found.pk, fence=found.fence, status=Status.PENDING)
            if mine.update(fence=F("fence") + 1, lease_until=now + LEASE):
                return Delivery.objects.select_related("webhook__partner", "event").get(pk=found.pk)
    return None


def deliver(delivery: Delivery, now: datetime) -> None:
    """One attempt. No transaction is open while the endpoint is spoken to."""
    outcome, status = attempt(delivery, now)
    log.info("delivery", outcome=outcome, status=status, webhook=str(delivery.webhook_id))
    if outcome == Outcome.DELIVERED:
        finish(delivery, Status.DELIVERED, outcome, status, now)
        Webhook.objects.filter(pk=delivery.webhook_id, failing_since__isnull=False).update(failing_since=None)
        return
    is_last = delivery.attempts >= len(BACKOFF_SECONDS)
    if is_last:
        finish(delivery, Status.FAILED, outcome, status, now)
    else:
        wait = timedelta(seconds=BACKOFF_SECONDS[delivery.attempts])
        held(delivery).update(
            attempts=F("attempts") + 1,
            outcome=outcome,
            response_status=status,
            last_attempt_at=now,
            due_at=now + wait,
            lease_until=None,
        )
    note_failure(delivery.webhook, now)


def attempt(delivery: Delivery, now: datetime) -> tuple[Delivery.Outcome, int | None]:
    """What the endpoint said, as a name, and its HTTP status if it said one."""
    body = payload(delivery.event)
    try:
        answer = safe_fetch.fetch(
            "POST",
            delivery.webhook.url,
            headers=signed_headers(delivery.webhook, delivery.event, body, timezone.now()),
            body=body,
            timeout_seconds=TIMEOUT_SECONDS,
            max_bytes=MAX_ANSWER_BYTES,
            allow_private=settings.WEBHOOK_ALLOW_PRIVATE,
        )
    except safe_fetch.Refused as refusal:
        return OUTCOMES[refusal.outcome], None
    if 200 <= answer.status < 300:
        return Outcome.DELIVERED, answer.status
    is_redirect = 300 <= answer.status < 400
    return Outcome.REDIRECT if is_redirect else Outcome.STATUS, answer.status


def payload(event: Event) -> bytes:
    at = event.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": event.type, "timestamp": at, "data": event.data}).encode()


def signed_headers(webhook: Webhook, event: Event, body: bytes, now: datetime) -> dict[str, str]:
    """The id is the event's: a receiver that saw it knows a repetition by it."""
    message_id, stamp = f"msg_{event.uuid.hex}", str(int(now.timestamp()))
    signed = f"{message_id}.{stamp}.".encode() + body
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signature(secret, signed) for secret in live_secrets(webhook, now)),
    }


def live_secrets(webhook: Webhook, now: datetime) -> list[str]:
    found = [decrypt(webhook.encrypted_secret)]
    ends_at = webhook.previous_secret_expires_at
    if webhook.encrypted_previous_secret and ends_at and ends_at > now:
        found.append(decrypt(webhook.encrypted_previous_secret))
    return found


def signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def held(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=delivery.pk, fence=delivery.fence, status=Status.PENDING)


def finish(
    delivery: Delivery, end: Delivery.Status, outcome: Delivery.Outcome, status: int | None, now: datetime
) -> None:
    held(delivery).update(
        status=end,
        outcome=outcome,
        response_status=status,
        attempts=F("attempts") + 1,
        last_attempt_at=now,
        finished_at=now,
        lease_until=None,
    )


def note_failure(webhook: Webhook, now: datetime) -> None:
    """Notes since when nothing gets through, and switches the endpoint off after three days of it."""
    Webhook.objects.filter(pk=webhook.pk, failing_since__isnull=True).update(failing_since=now)
    failing = Webhook.objects.filter(pk=webhook.pk, is_enabled=True, failing_since__lte=now - GIVE_UP_AFTER)
    with transaction.atomic():
        if not failing.update(is_enabled=False, disabled_reason="failing"):
            return
        give_up_pending(webhook, now)
        actor, data = events.SYSTEM, {"webhook_id": str(webhook.pk)}
        events.record("webhook.disabled", webhook.partner, webhook.environment, actor=actor, now=now, data={**data})
    mail.send(webhook.partner.contact_email, mail.webhook_disabled(webhook, now))


def give_up_pending(webhook: Webhook, now: datetime) -> None:
    """What an endpoint that is off would have got; replay brings it back."""
    webhook.deliveries.filter(status=Status.PENDING).update(
        status=Status.FAILED, outcome=Outcome.DISABLED, finished_at=now, lease_until=None
    )
