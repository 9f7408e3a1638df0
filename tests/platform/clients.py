"""A program with a person's access token: it speaks the wire and knows nothing of the inside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from tests.clients import Answer, answer
from tests.reference import check_answer


@dataclass
class PlatformClient:
    token: str | None
    wire: Client = field(default_factory=Client)

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        extra = {"data": body} if body is not None else {}
        send = getattr(self.wire, method.lower())
        response = send(path, content_type="application/json", headers=headers, **extra)
        check_answer(method, path, response)
        return answer(response)

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.ask("POST", path, body)

    def put(self, path: str, body: Any = None) -> Answer:
        return self.ask("PUT", path, body)

    def delete(self, path: str) -> Answer:
        return self.ask("DELETE", path)
