"""A partner platform as the field has them: it speaks the wire and knows nothing of the inside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.digests import digest
from partnership.models import Partner, PartnerSecret
from tests.clients import Answer, answer
from tests.reference import check_answer

ACME_SECRET = "gps_" + "a" * 43
GLOBEX_SECRET = "gps_" + "g" * 43


@dataclass
class PartnerClient:
    partner: Partner
    secret: str | None
    wire: Client = field(default_factory=Client)

    @property
    def base(self) -> str:
        return f"/partnership/v1/{self.partner.pk}"

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Answer:
        if self.secret is not None:
            headers.setdefault("X-Partnership-Secret", self.secret)
        if key is not None:
            headers["Idempotency-Key"] = key
        extra = {"data": body} if body is not None else {}
        send = getattr(self.wire, method.lower())
        response = send(f"{self.base}/{path}", content_type="application/json", headers=headers, **extra)
        check_answer(method, f"{self.base}/{path}", response)
        return answer(response)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.ask("POST", path, body, **more)

    def delete(self, path: str, **more: Any) -> Answer:
        return self.ask("DELETE", path, **more)

    def sync(self, name: str = "Shop", **more: Any) -> Answer:
        """A white-label project."""
        return self.post("sync-embedded-project", {"project_name": name, **more})

    def connect(self, email: str = "alice@example.com", name: str = "Alice Example") -> str:
        """The id of a co-branded person."""
        return str(self.post("connect-user", {"name": name, "email": email})["account"]["id"])

    def sync_for(self, user_id: str, name: str = "Shop", **more: Any) -> Answer:
        return self.post(f"{user_id}/sync-project", {"project_name": name, **more})


def partner(id_: str, name: str, **fields: Any) -> Partner:
    return Partner.objects.create(id=id_, name=name, contact_email="ops@partner.example", **fields)


def add_secret(owner: Partner, secret: str, **fields: Any) -> PartnerSecret:
    return PartnerSecret.objects.create(
        partner=owner, digest=digest(secret), last_four=secret[-4:], created_at=timezone.now(), **fields
    )
