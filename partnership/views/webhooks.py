"""Webhook endpoints, what was sent to them, and again (partnership.md)."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework import serializers

from accounts.encryption import encrypt
from oauth_provider import safe_fetch
from partnership import events, webhooks
from partnership.authentication import Door
from partnership.errors import Fault, Invalid, WebhookNotFound
from partnership.models import Delivery, Event, Webhook
from partnership.paging import page
from partnership.views.door import PartnerView, answer, as_uuid, read_body
from partnership.views.fields import Flag, RotateBody, Text
from partnership.views.shapes import stamp

READ = Door("webhooks:write", changes=False)
WRITE = Door("webhooks:write")
MAX_ENDPOINTS = 10


class WebhookBody(serializers.Serializer[Any]):
    url = Text(max_length=2000)
    description = Text(required=False, allow_blank=True, max_length=200)
    event_types = serializers.ListField(child=Text(max_length=40), required=False, max_length=20)
    is_enabled = Flag(required=False)


class WebhookChange(WebhookBody):
    url = Text(required=False, max_length=2000)


class ReplayBody(serializers.Serializer[Any]):
    to = serializers.DateTimeField()

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's, so it can't stand above."""
        return {"from": serializers.DateTimeField(), **super().get_fields()}


class WebhookView(PartnerView):
    def get_webhook(self, webhook_id: str) -> Webhook:
        caller = self.caller
        found = caller.partner.webhooks.filter(pk=as_uuid(webhook_id), environment=caller.environment).first()
        if found is None:
            raise WebhookNotFound
        return found

    def note(self, type_: str, webhook: Webhook) -> None:
        caller, data = self.caller, {"webhook_id": str(webhook.pk), "url": webhook.url}
        events.record(type_, caller.partner, caller.environment, actor=caller.actor, now=self.now, data={**data})


class WebhookList(WebhookView):
    doors = {"GET": READ, "POST": WRITE}

    def get(self, request: HttpRequest) -> JsonResponse:
        mine = self.caller.partner.webhooks.filter(environment=self.caller.environment)
        rows, cursor = page(mine, request.GET, time_field="created_at")
        return answer({"webhooks": [webhook_body(each) for each in rows], "next_cursor": cursor})

    def post(self, request: HttpRequest) -> JsonResponse:
        """201 with the secret, which no other answer shows."""
        body = read_body(request, WebhookBody)
        check(body)
        secret = webhooks.new_secret()
        with transaction.atomic():
            type(self.caller.partner).objects.select_for_update().get(pk=self.caller.partner.pk)
            if self.caller.partner.webhooks.filter(environment=self.caller.environment).count() >= MAX_ENDPOINTS:
                raise Invalid(Fault("url", "too_many", f"At most {MAX_ENDPOINTS} webhooks are kept."))
            webhook = Webhook.objects.create(
                partner=self.caller.partner,
                environment=self.caller.environment,
                url=body["url"],
                description=body.get("description", ""),
                event_types=body.get("event_types", []),
                is_enabled=body.get("is_enabled", True),
                encrypted_secret=encrypt(secret),
                created_at=self.now,
            )
            self.note("webhook.created", webhook)
        return answer({"webhook": {**webhook_body(webhook), "secret": secret}}, 201)


class WebhookDetail(WebhookView):
    doors = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    def get(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        return answer({"webhook": webhook_body(self.get_webhook(webhook_id))})

    def patch(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        body = read_body(request, WebhookChange)
        check(body)
        with transaction.atomic():
            webhook = self.get_webhook(webhook_id)
            for name, value in body.items():
                setattr(webhook, name, value)
            if "is_enabled" in body:
                webhook.failing_since, webhook.disabled_reason = None, ""
            if not webhook.is_enabled:
                webhooks.give_up_pending(webhook, self.now)
            webhook.save()
            self.note("webhook.changed", webhook)
        return answer({"webhook": webhook_body(webhook)})

    def delete(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        with transaction.atomic():
            webhook = self.get_webhook(webhook_id)
            self.note("webhook.deleted", webhook)
            webhook.delete()
        return answer({"message": "Webhook deleted successfully"})


class WebhookRotateSecret(WebhookView):
    doors = {"POST": WRITE}

    def post(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        overlap = read_body(request, RotateBody)["overlap_seconds"]
        with transaction.atomic():
            webhook = self.get_webhook(webhook_id)
            secret = webhooks.rotate_secret(webhook, overlap_seconds=overlap, now=self.now)
            self.note("webhook.secret_rotated", webhook)
        ends_at = stamp(webhook.previous_secret_expires_at)
        return answer({"webhook": {**webhook_body(webhook), "secret": secret, "previous_secret_ends_at": ends_at}})


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
        count = webhooks.replay(webhook, Event.objects.filter(pk=delivery.event_id), self.now)
        return answer({"replayed": count}, 202)


class WebhookReplay(WebhookView):
    """Everything of a time, also what happened while the endpoint was off. Both ends included."""

    doors = {"POST": WRITE}

    def post(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        body = read_body(request, ReplayBody)
        if body["from"] > body["to"]:
            raise Invalid(Fault("to", "reversed", "to must not be before from."))
        webhook = self.get_webhook(webhook_id)
        missed = Event.objects.filter(
            partner=self.caller.partner,
            environment=self.caller.environment,
            occurred_at__gte=body["from"],
            occurred_at__lte=body["to"],
        )
        return answer({"replayed": webhooks.replay(webhook, missed, self.now)}, 202)


def check(body: dict[str, Any]) -> None:
    """Refuses an address that no delivery would be sent to, and unknown event types."""
    if "url" in body:
        check_url(body["url"])
    unknown = [name for name in body.get("event_types", []) if name not in events.WEBHOOK_TYPES]
    if unknown:
        allowed = ", ".join(events.WEBHOOK_TYPES)
        raise Invalid(Fault("event_types", "not_allowed", f"event_types may name: {allowed}."))


def check_url(url: str) -> None:
    try:
        safe_fetch.check_address(url, allow_private=settings.WEBHOOK_ALLOW_PRIVATE)
    except safe_fetch.Refused:
        message = "url must be an https address of a public host, without user name and fragment."
        raise Invalid(Fault("url", "not_allowed", message)) from None


def webhook_body(webhook: Webhook) -> dict[str, object]:
    return {
        "id": str(webhook.id),
        "url": webhook.url,
        "description": webhook.description,
        "event_types": webhook.event_types,
        "is_enabled": webhook.is_enabled,
        "disabled_reason": webhook.disabled_reason or None,
        "failing_since": stamp(webhook.failing_since),
        "created_at": stamp(webhook.created_at),
    }


def delivery_body(delivery: Delivery) -> dict[str, object]:
    return {
        "id": str(delivery.uuid),
        "event_id": str(delivery.event.uuid),
        "type": delivery.event.type,
        "status": delivery.status,
        "outcome": delivery.outcome or None,
        "response_status": delivery.response_status,
        "attempts": delivery.attempts,
        "is_replay": delivery.is_replay,
        "created_at": stamp(delivery.created_at),
        "last_attempt_at": stamp(delivery.last_attempt_at),
        "finished_at": stamp(delivery.finished_at),
        "next_attempt_at": stamp(delivery.due_at) if delivery.finished_at is None else None,
    }
