"""globex's endpoints, and what reached them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from partnership import deliveries
from partnership.models import Delivery, Event, Webhook
from tests.clients import Answer
from tests.partnership.clients import PartnerClient
from tests.receivers import Receiver


@dataclass
class Hook:
    """A registered endpoint: its owner, its receiver, its secret."""

    owner: PartnerClient
    receiver: Receiver
    id: str
    secret: str

    @property
    def path(self) -> str:
        return f"webhooks/{self.id}"

    def shown(self) -> dict[str, Any]:
        return dict(self.owner.get(self.path)["webhook"])

    def deliveries(self) -> list[dict[str, Any]]:
        return list(self.owner.get(f"{self.path}/deliveries")["deliveries"])

    def patch(self, **body: Any) -> Answer:
        return self.owner.ask("PATCH", self.path, body)

    def types(self) -> list[str]:
        """Of everything that came, in its order."""
        return [json.loads(body)["type"] for _, body in self.receiver.got]

    def verified(self, index: int = -1, secret: str = "") -> dict[str, Any]:
        """The body that came, checked as a receiver checks it. Raises unless it is ours."""
        headers, body = self.receiver.got[index]
        return dict(Verifier(secret or self.secret).verify(body, headers))


def hook(owner: PartnerClient, receiver: Receiver, **more: Any) -> Hook:
    made = owner.post("webhooks", {"url": receiver.url, **more})
    assert made.status == 201, made.body
    return Hook(owner, receiver, made["webhook"]["id"], made["webhook"]["secret"])


def deliver() -> int:
    return deliveries.deliver_due(timezone.now())


def add_backlog(webhook: Webhook, count: int, project_id: str | None = None) -> None:
    """Facts of an hour ago, each of no project unless one is given."""
    then = timezone.now() - timedelta(hours=1)
    facts = [
        Event(type="project.paused", partner=webhook.partner, environment="live", actor_kind="system", occurred_at=then)
        for _ in range(count)
    ]
    rows = [
        Delivery(webhook=webhook, event=fact, project_id=project_id, created_at=then, due_at=then)
        for fact in Event.objects.bulk_create(facts)
    ]
    Delivery.objects.bulk_create(rows)
