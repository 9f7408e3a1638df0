"""Webhook endpoints, what was sent to them, and again (partnership.md, "Beyond the published contract")."""

from datetime import UTC, datetime
from typing import Any, TypedDict

from django.http import HttpRequest, JsonResponse
from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from oauth_provider.views.call import Call, Id, Stamp
from oauth_provider.views.door import as_uuid
from partnership import webhooks
from partnership.authentication import Door, Party
from partnership.errors import Fault, Invalid, InvalidState, WebhookNotFound
from partnership.models import Delivery, Webhook
from partnership.paging import page
from partnership.views.door import PartnerView, answer
from partnership.views.fields import Flag, PageQuery, RotateBody, Text
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


class WebhookShape(TypedDict):
    id: Id
    url: str
    description: str
    event_types: list[str]
    is_enabled: bool
    disabled_reason: str | None
    failing_since: Stamp | None
    previous_secret_expires_at: Stamp | None
    created_at: Stamp | None


class WebhookWithSecret(WebhookShape):
    secret: str


class Attempt(TypedDict):
    at: Stamp | None
    outcome: str
    response_status: int | None
    duration_ms: int


class DeliveryShape(TypedDict):
    id: Id
    event_id: Id
    type: str
    project_id: Id | None
    status: str
    outcome: str | None
    response_status: int | None
    attempts: int
    history: list[Attempt]
    is_replay: bool
    created_at: Stamp | None
    last_attempt_at: Stamp | None
    finished_at: Stamp | None
    next_attempt_at: Stamp | None


class OneWebhook(TypedDict):
    webhook: WebhookShape


class OneWebhookWithSecret(TypedDict):
    webhook: WebhookWithSecret


class Webhooks(TypedDict):
    webhooks: list[WebhookShape]
    next_cursor: str | None


class WebhookDeleted(TypedDict):
    message: str
    requestId: str


class Deliveries(TypedDict):
    deliveries: list[DeliveryShape]
    next_cursor: str | None


class OneDelivery(TypedDict):
    delivery: DeliveryShape


class Replayed(TypedDict):
    replayed: int


def get_webhook(party: Party, webhook_id: str) -> Webhook:
    """Raises WebhookNotFound for unknown, deleted, another partner's and the other environment's."""
    found = party.partner.webhooks.filter(pk=as_uuid(webhook_id), environment=party.environment).first()
    if found is None:
        raise WebhookNotFound
    return found


def get_delivery(party: Party, webhook_id: str, delivery_id: str) -> Delivery:
    delivery = get_webhook(party, webhook_id).deliveries.filter(uuid=as_uuid(delivery_id)).first()
    if delivery is None:
        raise WebhookNotFound
    return delivery


class WebhookList(PartnerView):
    doors = {"GET": READ, "POST": WRITE}
    calls = {
        "GET": Call("The endpoints", {200: Webhooks}, query=PageQuery),
        "POST": Call("Register an endpoint", {201: OneWebhookWithSecret}, body=WebhookBody),
    }

    def get(self, request: HttpRequest) -> JsonResponse:
        mine = self.caller.partner.webhooks.filter(environment=self.caller.environment)
        rows, cursor = page(mine, request.GET, time_field="created_at")
        return answer(Webhooks(webhooks=[webhook_body(each) for each in rows], next_cursor=cursor))

    def post(self, request: HttpRequest) -> JsonResponse:
        """201 with the secret, which no later answer shows."""
        body, caller = self.read_body(), self.caller
        webhook, secret = webhooks.register(caller.partner, caller.environment, body, actor=caller.actor, now=self.now)
        return answer(OneWebhookWithSecret(webhook={**webhook_body(webhook), "secret": secret}), 201)


class WebhookDetail(PartnerView):
    doors = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}
    calls = {
        "GET": Call("An endpoint", {200: OneWebhook}, refusals=(WebhookNotFound,)),
        "PATCH": Call("Change an endpoint", {200: OneWebhook}, body=WebhookChange, refusals=(WebhookNotFound,)),
        "DELETE": Call("Delete an endpoint", {200: WebhookDeleted}, refusals=(WebhookNotFound,)),
    }

    def get(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        return answer(OneWebhook(webhook=webhook_body(get_webhook(self.caller, webhook_id))))

    def patch(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        body = self.read_body()
        webhook = get_webhook(self.caller, webhook_id)
        webhook = webhooks.change(webhook, body, actor=self.caller.actor, now=self.now)
        return answer(OneWebhook(webhook=webhook_body(webhook)))

    def delete(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        webhooks.remove(get_webhook(self.caller, webhook_id), actor=self.caller.actor, now=self.now)
        return answer(WebhookDeleted(message="Webhook deleted successfully", requestId=self.caller.request_id))


class WebhookRotateSecret(PartnerView):
    doors = {"POST": WRITE}
    calls = {
        "POST": Call(
            "A new secret; the old one signs beside it for the overlap",
            {200: OneWebhookWithSecret},
            body=RotateBody,
            refusals=(WebhookNotFound,),
        )
    }

    def post(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        overlap_seconds = self.read_body()["overlap_seconds"]
        webhook, secret = webhooks.rotate_secret(
            get_webhook(self.caller, webhook_id),
            overlap_seconds=overlap_seconds,
            actor=self.caller.actor,
            now=self.now,
        )
        return answer(OneWebhookWithSecret(webhook={**webhook_body(webhook), "secret": secret}))


class DeliveryList(PartnerView):
    doors = {"GET": READ}
    calls = {
        "GET": Call(
            "What was sent to an endpoint, newest first",
            {200: Deliveries},
            query=PageQuery,
            refusals=(WebhookNotFound,),
        )
    }

    def get(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        mine = get_webhook(self.caller, webhook_id).deliveries.select_related("event")
        rows, cursor = page(mine, request.GET, time_field="created_at")
        return answer(Deliveries(deliveries=[delivery_body(each) for each in rows], next_cursor=cursor))


class DeliveryReplay(PartnerView):
    doors = {"POST": WRITE}
    calls = {"POST": Call("Send one again", {202: OneDelivery}, refusals=(WebhookNotFound, InvalidState))}

    def post(self, request: HttpRequest, webhook_id: str, delivery_id: str) -> JsonResponse:
        delivery = get_delivery(self.caller, webhook_id, delivery_id)
        again = webhooks.replay_delivery(delivery, actor=self.caller.actor, now=self.now)
        return answer(OneDelivery(delivery=delivery_body(again)), 202)


class WebhookReplay(PartnerView):
    doors = {"POST": WRITE}
    calls = {
        "POST": Call(
            "Send again what was sent between two instants",
            {202: Replayed},
            body=ReplayBody,
            refusals=(WebhookNotFound, InvalidState),
        )
    }

    def post(self, request: HttpRequest, webhook_id: str) -> JsonResponse:
        body = self.read_body()
        sent = webhooks.replay_range(
            get_webhook(self.caller, webhook_id),
            from_=body["from"],
            to=body["to"],
            actor=self.caller.actor,
            now=self.now,
        )
        return answer(Replayed(replayed=len(sent)), 202)


def webhook_body(webhook: Webhook) -> WebhookShape:
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


def delivery_body(delivery: Delivery) -> DeliveryShape:
    return {
        "id": str(delivery.uuid),
        "event_id": str(delivery.event.uuid),
        "type": delivery.event.type,
        "project_id": str(delivery.project_id) if delivery.project_id else None,
        "status": delivery.status,
        "outcome": delivery.outcome or None,
        "response_status": delivery.response_status,
        "attempts": delivery.attempts,
        "history": [attempt_body(met) for met in delivery.history],
        "is_replay": delivery.is_replay,
        "created_at": stamp(delivery.created_at),
        "last_attempt_at": stamp(delivery.last_attempt_at),
        "finished_at": stamp(delivery.finished_at),
        "next_attempt_at": stamp(delivery.next_attempt_at),
    }


def attempt_body(met: dict[str, Any]) -> Attempt:
    return {
        "at": stamp(datetime.fromisoformat(met["at"])),
        "outcome": met["outcome"],
        "response_status": met["response_status"],
        "duration_ms": met["duration_ms"],
    }
