"""Partners' endpoints: registered, changed, switched off, given new secrets, and told again.

What is sent to them is `deliveries.py`. Both write the rows, nobody else does.
Source: partnership.md, "Beyond the published contract".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from accounts.encryption import encrypt
from accounts.wake import wake
from oauth_provider import safe_fetch
from partnership import events
from partnership.errors import Fault, Invalid, InvalidState, WebhookNotFound
from partnership.events import Actor
from partnership.models import Delivery, Event, Partner, Webhook
from partnership.signatures import new_secret

MAX_ENDPOINTS = 10  # of a partner in one environment
MAX_REPLAYED = 10_000  # events at once
CHANGEABLE = ("url", "description", "event_types", "is_enabled")

Status = Delivery.Status


def register(
    partner: Partner, environment: str, wanted: Mapping[str, object], *, actor: Actor, now: datetime
) -> tuple[Webhook, str]:
    """A new endpoint and its secret, which is shown this once.

    Raises Invalid (422) for an address that nothing would be sent to, unknown event types, and
    one endpoint too many.
    """
    check(wanted)
    secret = new_secret()
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=partner.pk)  # two at once would both be the last
        if partner.webhooks.filter(environment=environment).count() >= MAX_ENDPOINTS:
            message = f"At most {MAX_ENDPOINTS} webhooks are kept. Delete one first."
            raise Invalid(Fault("url", "too_many", message))
        webhook = Webhook(partner=partner, environment=environment, encrypted_secret=encrypt(secret), created_at=now)
        apply(webhook, wanted)
        webhook.save(force_insert=True)
        record("webhook.created", webhook, actor, now)
    return webhook, secret


def change(webhook: Webhook, wanted: Mapping[str, object], *, actor: Actor, now: datetime) -> Webhook:
    """`webhook` with those columns changed. Switching it on forgives what failed.

    Raises Invalid (422), WebhookNotFound (404).
    """
    check(wanted)
    with transaction.atomic():
        webhook = lock(webhook)
        apply(webhook, wanted)
        if "is_enabled" in wanted:
            webhook.disabled_reason = ""
        if {"is_enabled", "url"} & wanted.keys():  # what the old address did is not the new one's
            webhook.failing_since = webhook.rests_until = None
        webhook.save(update_fields=[*CHANGEABLE, "failing_since", "rests_until", "disabled_reason"])
        if not webhook.is_enabled:
            give_up_pending(webhook, now)
        record("webhook.changed", webhook, actor, now)
    return webhook


def remove(webhook: Webhook, *, actor: Actor, now: datetime) -> None:
    with transaction.atomic():
        webhook = lock(webhook)
        record("webhook.deleted", webhook, actor, now)
        webhook.delete()


def rotate_secret(webhook: Webhook, *, overlap_seconds: int, actor: Actor, now: datetime) -> tuple[Webhook, str]:
    """A new secret. Until the overlap ends, every delivery is signed with the old one as well.

    One old secret is kept: rotating again within the overlap ends the oldest at once.
    """
    secret = new_secret()
    with transaction.atomic():
        webhook = lock(webhook)
        webhook.encrypted_previous_secret = webhook.encrypted_secret
        webhook.previous_secret_expires_at = now + timedelta(seconds=overlap_seconds)
        webhook.encrypted_secret = encrypt(secret)
        webhook.save(update_fields=["encrypted_secret", "encrypted_previous_secret", "previous_secret_expires_at"])
        record("webhook.secret_rotated", webhook, actor, now)
    return webhook, secret


def disable(webhook: Webhook, reason: str, *, now: datetime) -> bool:
    """Switches `webhook` off by ourselves. False if it was off already: its partner is told once."""
    on = Webhook.objects.filter(pk=webhook.pk, is_enabled=True)
    with transaction.atomic():
        if not on.update(is_enabled=False, disabled_reason=reason):
            return False
        give_up_pending(webhook, now)
        record("webhook.disabled", webhook, events.SYSTEM, now)
    return True


def replay_delivery(delivery: Delivery, *, actor: Actor, now: datetime) -> Delivery:
    """The event of `delivery` once more, or at once if it still waits for its next attempt.

    Raises InvalidState (409) while the endpoint is switched off, WebhookNotFound (404).
    """
    with transaction.atomic():
        webhook = lock_enabled(delivery.webhook)
        asked = events.visible_to(webhook.partner, webhook.environment).filter(pk=delivery.event_id)
        sent = send_again(webhook, asked, now)
        if not sent:
            raise WebhookNotFound
        record("webhook.replayed", webhook, actor, now)
    return sent[0]


def replay_range(webhook: Webhook, *, from_: datetime, to: datetime, actor: Actor, now: datetime) -> list[Delivery]:
    """Everything of that time that the endpoint asks for, also what happened while it was off.

    Both ends included, in the events' order; `to` with all of its millisecond, as instants are told
    cut off there. Raises InvalidState (409), Invalid (422).
    """
    to = to.replace(microsecond=to.microsecond // 1000 * 1000 + 999)
    with transaction.atomic():
        webhook = lock_enabled(webhook)
        asked = events.visible_to(webhook.partner, webhook.environment).filter(
            type__in=webhook.event_types or events.WEBHOOK_TYPES, occurred_at__gte=from_, occurred_at__lte=to
        )
        if asked.count() > MAX_REPLAYED:
            message = f"At most {MAX_REPLAYED} events are sent again at once. Ask for a shorter time."
            raise Invalid(Fault("from", "too_many", message))
        sent = send_again(webhook, asked, now)
        record("webhook.replayed", webhook, actor, now)
    return sent


def send_again(webhook: Webhook, asked: QuerySet[Event], now: datetime) -> list[Delivery]:
    """A delivery of each event: the one that still waits, due now, or else a new one. It ends a rest."""
    webhook.rests_until = None
    webhook.save(update_fields=["rests_until"])
    waiting = webhook.deliveries.filter(status=Status.PENDING, event__in=asked)
    waiting.filter(lease_until__isnull=True).update(due_at=now)
    kept = list(waiting.select_related("event"))
    new = Delivery.objects.bulk_create(
        [
            Delivery(
                webhook=webhook,
                event=event,
                project_id=event.project_id,
                is_replay=True,
                created_at=now,
                due_at=now,
            )
            for event in asked.exclude(pk__in=[each.event_id for each in kept]).order_by("pk")
        ],
        batch_size=500,
    )
    wake("deliveries")
    return kept + new


def give_up_pending(webhook: Webhook, now: datetime) -> None:
    """What an endpoint that is off would have got. A replay brings it back."""
    webhook.deliveries.filter(status=Status.PENDING).update(
        status=Status.FAILED, outcome=Delivery.Outcome.DISABLED, finished_at=now, lease_until=None
    )


def lock(webhook: Webhook) -> Webhook:
    """The row as it is now. It is locked before its deliveries, by everybody: so nobody waits in a ring."""
    rows = Webhook.objects.select_for_update(of=("self",), no_key=True).select_related("partner")
    locked = rows.filter(pk=webhook.pk).first()
    if locked is None:
        raise WebhookNotFound
    return locked


def lock_enabled(webhook: Webhook) -> Webhook:
    locked = lock(webhook)
    if not locked.is_enabled:
        raise InvalidState(gettext_noop("The webhook is switched off. Switch it on first."))
    return locked


def apply(webhook: Webhook, wanted: Mapping[str, object]) -> None:
    for name in CHANGEABLE:
        if name in wanted:
            setattr(webhook, name, wanted[name])


def check(wanted: Mapping[str, object]) -> None:
    """Raises Invalid (422), naming each parameter at fault."""
    faults = []
    if "url" in wanted and not is_deliverable(str(wanted["url"])):
        message = "url must be an https address of a public host, without user name and fragment."
        faults.append(Fault("url", "not_allowed", message))
    types = wanted.get("event_types", [])
    if isinstance(types, list) and not set(types) <= set(events.WEBHOOK_TYPES):
        message = f"event_types must be among: {', '.join(events.WEBHOOK_TYPES)}."
        faults.append(Fault("event_types", "not_allowed", message))
    if faults:
        raise Invalid(*faults)


def is_deliverable(url: str) -> bool:
    try:
        safe_fetch.check_address(url, reach=reach())
    except safe_fetch.Refused:
        return False
    return True


def reach() -> safe_fetch.Reach:
    return safe_fetch.Reach.LOOPBACK if settings.WEBHOOK_ALLOW_LOOPBACK else safe_fetch.Reach.PUBLIC


def record(type_: str, webhook: Webhook, actor: Actor, now: datetime) -> None:
    data: dict[str, object] = {"webhook_id": str(webhook.pk), "url": webhook.url}
    events.record(type_, webhook.partner, webhook.environment, actor=actor, now=now, data=data)
