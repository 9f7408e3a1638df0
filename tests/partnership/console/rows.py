"""What the tests of the console have in common: a person at her desk, and what globex has for each address."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from partnership.models import Delivery, Operation, Partner, PartnerInvitation
from tests import cast
from tests.partnership.clients import PartnerClient
from usage import statements


@dataclass
class Desk:
    """A signed-in person of `partner`'s, in its live environment unless said otherwise."""

    browser: Client
    person: User
    partner: Partner
    environment: str = "live"

    def at(self, path: str) -> str:
        return f"/partners/{self.partner.pk}/{self.environment}{path}"

    def get(self, path: str = "", /, **query: str) -> HttpResponse:
        return self.browser.get(self.at(path), query)

    def post(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> HttpResponse:
        return self.browser.post(self.at(path), form or {}, **more)

    def read(self, path: str = "", /, **query: str) -> str:
        response = self.get(path, **query)
        assert response.status_code == 200, response.status_code
        return response.content.decode()

    def reads_after(self, path: str, form: dict[str, Any] | None = None) -> str:
        """The page that an action leads to."""
        return self.post(path, form, follow=True).content.decode()


@dataclass
class Globex:
    client: PartnerClient
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        partner, now = self.client.partner, timezone.now()
        member = partner.members.create(user=cast.person("gus@example.com", "Gus"), role="viewer", created_at=now)
        invitation = PartnerInvitation.objects.create(
            partner=partner, email="new@example.com", invited_by=member.user, digest=b"d" * 32,
            created_at=now, expires_at=now.replace(year=now.year + 1),
        )  # fmt: skip
        self.ids = {"member_id": str(member.pk), "invitation_id": str(invitation.pk)}
        project = self.client.sync()
        self.ids["project_id"] = project["project"]["id"]
        self.ids["operation_id"] = str(Operation.objects.get(type="create").pk)
        made = self.client.post("webhooks", {"url": "https://hooks.globex.example/in"})["webhook"]
        self.ids["webhook_id"] = made["id"]
        self.client.post(f"{project['project']['id']}/pause")
        self.ids["delivery_id"] = str(Delivery.objects.get().uuid)
        statements.write(partner, "live", date(now.year, now.month, 1), now)
        self.ids |= {"month": f"{now:%Y-%m}", "day": f"{now:%Y-%m-%d}", "metric": "ai_tokens"}
        self.ids["secret_id"] = str(partner.secrets.get().pk)
