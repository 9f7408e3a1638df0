"""Partners' endpoints and what was sent to them; again for one delivery."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnership import webhooks
from partnership.admin import bulk
from partnership.admin.pages import RowAdmin, link, listed, staff_actor
from partnership.models import Delivery, Webhook


class WebhookAdmin(RowAdmin):
    """Made and changed by the partner's own calls: the address is the partner's promise."""

    list_display = ("url", "partner", "environment_shown", "is_enabled", "failing_since", "rests_until", "created_at")
    list_filter = ("environment", "is_enabled", ("partner", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("partner",)
    search_fields = ("url", "id", "partner__name", "partner__id")
    ordering = ("-created_at",)
    actions = bulk.WEBHOOKS
    fields = (
        "id",
        "partner",
        "environment_shown",
        "url",
        "description",
        "asked_for",
        "is_enabled",
        "disabled_reason",
        "failing_since",
        "rests_until",
        "previous_secret_expires_at",
        "created_at",
        "deliveries_link",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("events"))
    def asked_for(self, webhook: Webhook) -> str:
        return ", ".join(webhook.event_types) or _("all")

    @admin.display(description=gettext_lazy("deliveries"))
    def deliveries_link(self, webhook: Webhook) -> str:
        return listed("partnership_delivery_changelist", webhook.deliveries.count(), webhook__id__exact=webhook.pk)


class DeliveryAdmin(RowAdmin):
    acts = {"replay": "replay"}
    list_display = (
        "uuid",
        "event_type",
        "webhook_link",
        "status",
        "outcome",
        "response_status",
        "attempts",
        "next_attempt",
    )
    list_filter = ("status", "outcome", "is_replay")
    list_select_related = ("webhook__partner", "event")
    search_fields = ("uuid", "project_id", "webhook__url", "event__uuid")
    ordering = ("-id",)
    actions = bulk.DELIVERIES
    fields = (
        "uuid",
        "event_link",
        "webhook_link",
        "status",
        "outcome",
        "response_status",
        "attempts",
        "is_replay",
        "created_at",
        "last_attempt_at",
        "next_attempt",
        "finished_at",
    )
    readonly_fields = fields

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "webhook__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def offered(self, row: Delivery) -> list[tuple[str, Any]]:
        return [] if row.status == Delivery.Status.PENDING else [("replay", _("Send again"))]

    def replay(self, request: HttpRequest, delivery: Delivery) -> str:
        webhooks.replay_delivery(delivery, actor=staff_actor(request), now=timezone.now())
        return _("Queued to be sent again.")

    @admin.display(description=gettext_lazy("next attempt"), ordering="due_at", empty_value="-")
    def next_attempt(self, delivery: Delivery) -> datetime | None:
        return delivery.next_attempt_at

    @admin.display(description=gettext_lazy("event"))
    def event_type(self, delivery: Delivery) -> str:
        return delivery.event.type

    @admin.display(description=gettext_lazy("event"))
    def event_link(self, delivery: Delivery) -> str:
        return link("partnership_event_change", delivery.event_id, delivery.event.type)

    @admin.display(description=gettext_lazy("webhook"))
    def webhook_link(self, delivery: Delivery) -> str:
        return link("partnership_webhook_change", delivery.webhook_id, delivery.webhook.url)
