from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partnership.models.event import Event
from partnership.models.partner import Environment, Partner


class Webhook(models.Model):
    """An endpoint of a partner's. Written by `webhooks.py`; since when it fails and how long it rests, by
    `deliveries.py`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="webhooks")
    environment = models.CharField(_("environment"), max_length=4, choices=Environment)
    url = models.URLField(_("address"), max_length=2000)
    description = models.CharField(_("description"), max_length=200, blank=True, default="")
    event_types = models.JSONField(_("events"), default=list, blank=True)  # empty: all
    is_enabled = models.BooleanField(_("enabled"), default=True)
    disabled_reason = models.CharField(max_length=40, blank=True, default="")  # failing, gone; empty: by hand
    # `whsec_...`, encrypted: signing needs the secret itself.
    encrypted_secret = models.TextField(editable=False)
    encrypted_previous_secret = models.TextField(blank=True, default="", editable=False)
    previous_secret_expires_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    rests_until = models.DateTimeField(null=True, editable=False)  # it hung: nothing is sent before
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [
            models.CheckConstraint(
                condition=Q(encrypted_previous_secret="") | Q(previous_secret_expires_at__isnull=False),
                name="webhook_previous_secret_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class Delivery(models.Model):
    """One event for one endpoint; the row is the job. Made by `events.py` and `webhooks.py`, worked off by
    `deliveries.py`.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")

    class Outcome(models.TextChoices):
        """What the last attempt met: a name, never a stack trace."""

        DELIVERED = "delivered", _("delivered")
        STATUS = "unexpected_status", _("answered with an error")
        REDIRECT = "redirect_refused", _("answered with a redirect, which is never followed")
        LOOKUP = "name_not_resolved", _("host name not found")
        PRIVATE = "address_refused", _("address is not public")
        CONNECT = "connection_failed", _("no connection")
        TLS = "tls_failed", _("certificate or TLS refused")
        TIMEOUT = "timed_out", _("too slow")
        TOO_LARGE = "answer_too_large", _("answer too large")
        INVALID = "invalid_answer", _("answer is no HTTP")
        NOT_SENT = "not_sent", _("could not be sent, by a fault of ours")
        DISABLED = "webhook_disabled", _("endpoint was switched off")

    id = models.BigAutoField(primary_key=True)  # the order in which an endpoint gets a project's events
    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, models.PROTECT, related_name="deliveries")
    project_id = models.UUIDField(null=True)
    is_replay = models.BooleanField(default=False)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.PENDING)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome, blank=True, default="")
    response_status = models.PositiveSmallIntegerField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # begun; one cut off has no line in `history`
    history = models.JSONField(default=list, editable=False)  # [{at, outcome, response_status, duration_ms}]
    created_at = models.DateTimeField()
    last_attempt_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(
                fields=["webhook", "due_at", "id"], condition=Q(status="pending"), name="delivery_due_by_webhook"
            ),
            models.Index(
                fields=["webhook", "project_id", "id"],
                condition=Q(status="pending"),
                name="delivery_in_order",
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(status="pending", lease_until__isnull=False),
                name="delivery_leased",
            ),
            models.Index(fields=["webhook", "-created_at", "-id"], name="delivery_by_webhook"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "event"], condition=Q(is_replay=False), name="delivery_once_per_event"
            ),
            models.CheckConstraint(
                condition=Q(status="pending", finished_at__isnull=True)
                | (~Q(status="pending") & Q(finished_at__isnull=False)),
                name="delivery_pending_xor_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event.type} → {self.webhook}"

    @property
    def next_attempt_at(self) -> datetime | None:
        """Not before; later if an earlier one of its project is not taken. None: it has ended."""
        if self.finished_at is not None:
            return None
        rests_until = self.webhook.rests_until
        return max(self.due_at, rests_until) if rests_until else self.due_at
