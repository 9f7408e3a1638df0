"""Webhook endpoints, what was sent to them, and again (partnership.md, "Beyond the published contract")."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from oauth_provider.views.door import as_uuid
from partnership import webhooks
from partnership.authentication import Door
from partnership.errors import Fault, Invalid, WebhookNotFound
from partnership.models import Delivery, Webhook
from partnership.paging import page
from partnership.views.door import PartnerView, answer, read_body
from partnership.views.fields import Flag, RotateBody, Text
from partnership.views.shapes import stamp

# There is no scope of its own for reading: who may not change endpoints has no use for them.
READ = Door("webhooks:write", changes=False)
WRITE = Door("webhooks:write")


class Instant(Text):
    """RFC 3339 with its offset from UTC; a time without one could be anybody's."""

    default_error_messages = {"invalid": "must be an instant such as 2026-01-31T23:59:00Z."}

    def to_internal_value(self, data: Any) -> datetime:  # type: ignore[override]
        text = super().to_internal_value(data)
        try:
            at = parse_datetime(text) if "T" in text else None
            return at.astimezone(UTC) if at and at.tzinfo else self.fail("invalid")
        except (ValueError, OverflowError):
            self.fail("invalid")


class WebhookBody(serializers.Serializer[Any]):
    url = Text(max_length=2000)
    description = Text(required=False, allow_blank=True, max_length=200)
    event_types = serializers.ListField(child=Text(max_length=40), required=False, max_length=20)
    is_enabled = Flag(required=False)


class WebhookChange(WebhookBody):
    url = Text(required=False, max_length=2000)


class ReplayBody(serializers.Serializer[Any]):
    to = Instant()

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's, so it can't stand above."""
        return {"from": Instant(), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["from"] > attrs["to"]:
            raise Invalid(Fault("to", "reversed", "to must not be before from."))
        return attrs


class WebhookView(PartnerView):
    def get_webhook(self, webhook_id: str) -> Webhook:
        """Raises WebhookNotFound for unknown, deleted, another partner's and the other environment's."""
        caller = self.caller
        found = caller.partner.webhooks.filter(pk=as_uuid(webhook_id), environment=caller.environment).first()
        if found is None:
            raise WebhookNotFound
        return found


class WebhookList(WebhookView):
    doors = {"GET": READ, "POST": WRITE}

    def get(self, request: HttpRequest) -> JsonResponse:
        mine = self.caller.partner.webhooks.filter(environment=self.caller.environment)
        rows, cursor = page(mine, request.GET, time_field="created_at")
        return answer({"webhooks": [webhook_body(each) for each in rows], "next_cursor": cursor})

    def post(self, request: HttpRequest) -> JsonResponse:
        """201 with the secret, which no later answer shows."""
        body, caller = read_body(request, WebhookBody), self.caller
        webhook, secret = webhooks.register(caller.partner, caller.environment, body, actor=caller.actor, now=self.now)
        return answer({"webhook": {**webhook_body(webhook), "secret": secret}}, 201)


class WebhookDetail(WebhookView):
    doors = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    def get(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        return answer({"webhook": webhook_body(self.get_webhook(webhook_id))})

    def patch(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        body = read_body(request, WebhookChange)
        webhook = self.get_webhook(webhook_id)
        webhook = webhooks.change(webhook, body, actor=self.caller.actor, now=self.now)
        return answer({"webhook": webhook_body(webhook)})

    def delete(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        webhooks.remove(self.get_webhook(webhook_id), actor=self.caller.actor, now=self.now)
        return answer({"message": "Webhook deleted successfully", "requestId": self.caller.request_id})


class WebhookRotateSecret(WebhookView):
    doors = {"POST": WRITE}

    def post(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        overlap_seconds = read_body(request, RotateBody)["overlap_seconds"]
        webhook, secret = webhooks.rotate_secret(
            self.get_webhook(webhook_id),
            overlap_seconds=overlap_seconds,
            actor=self.caller.actor,
            now=self.now,
        )
        return answer({"webhook": {**webhook_body(webhook), "secret": secret}})


class DeliveryList(WebhookView):
    doors = {"GET": READ}

    def get(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        mine = self.get_webhook(webhook_id).deliveries.select_related("event")
        rows, cursor = page(mine, request.GET, time_field="created_at")
        return answer({"deliveries": [delivery_body(each) for each in rows], "next_cursor": cursor})


class DeliveryReplay(WebhookView):
    doors = {"POST": WRITE}

    def post(self, request: HttpRequest, webhook_id: str, delivery_id: str) -> JsonResponse:
        webhook = self.get_webhook(webhook_id)
        delivery = webhook.deliveries.filter(uuid=as_uuid(delivery_id)).first()
        if delivery is None:
            raise WebhookNotFound
        again = webhooks.replay_delivery(delivery, actor=self.caller.actor, now=self.now)
        return answer({"delivery": delivery_body(again)}, 202)


class WebhookReplay(WebhookView):
    doors = {"POST": WRITE}

    def post(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        body = read_body(request, ReplayBody)
        sent = webhooks.replay_range(
            self.get_webhook(webhook_id),
            from_=body["from"],
            to=body["to"],
            actor=self.caller.actor,
            now=self.now,
        )
        return answer({"replayed": len(sent)}, 202)


def webhook_body(webhook: Webhook) -> dict[str, object]:
    return {
        "id": str(webhook.id),
        "url": webhook.url,
        "description": webhook.description,
        "event_types": webhook.event_types,
        "is_enabled": webhook.is_enabled,
        "disabled_reason": webhook.disabled_reason or None,
        "failing_since": stamp(webhook.failing_since),
        "previous_secret_expires_at": stamp(webhook.previous_secret_expires_at),
        "created_at": stamp(webhook.created_at),
    }


def delivery_body(delivery: Delivery) -> dict[str, object]:
    return {
        "id": str(delivery.uuid),
        "event_id": str(delivery.event.uuid),
        "type": delivery.event.type,
        "project_id": str(delivery.project_id) if delivery.project_id else None,
        "status": delivery.status,
        "outcome": delivery.outcome or None,
        "response_status": delivery.response_status,
        "attempts": delivery.attempts,
        "history": delivery.history,
        "is_replay": delivery.is_replay,
        "created_at": stamp(delivery.created_at),
        "last_attempt_at": stamp(delivery.last_attempt_at),
        "finished_at": stamp(delivery.finished_at),
        "next_attempt_at": stamp(delivery.due_at) if delivery.finished_at is None else None,
    }
