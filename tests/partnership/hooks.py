"""globex's endpoints, and what reached them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from partnership import deliveries
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
