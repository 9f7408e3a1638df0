"""A machine client that meters, as the field has them: it speaks the wire and knows nothing of the inside."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.test import Client

from partnership import creation
from partnership.creation import Owner, Wanted
from partnership.events import SYSTEM
from partnership.models import Partner, Project
from tests.clients import Answer, OAuthClient, answer
from usage.sql_store import store

EVENTS = "/usage/v1/events"
ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


@dataclass
class MeterClient:
    oauth: OAuthClient
    project: str  # of events that name none
    token: str = ""
    wire: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.token = self.token or self.oauth.post_token(grant_type="client_credentials")["access_token"]

    def event(self, id_: Any = "1", data: Any = None, **changes: Any) -> dict[str, Any]:
        """An event of now; an attribute that is changed to None is left out."""
        attributes = {
            "specversion": "1.0",
            "id": id_,
            "source": "/edge/eu-1",
            "type": "usage.recorded",
            "subject": self.project,
            "time": datetime.now(UTC).isoformat(),
            "data": {"ai_tokens": 1500} if data is None else data,
            **changes,
        }
        return {name: value for name, value in attributes.items() if value is not None}

    def void(self, id_: Any, voids_id: Any, **changes: Any) -> dict[str, Any]:
        data = {"voids": {"source": "/edge/eu-1", "id": voids_id}}
        return self.event(id_, **{"data": data, "type": "usage.voided", "subject": None, **changes})

    def send(self, *events: Any) -> Answer:
        """A batch."""
        return self.send_raw(json.dumps(events).encode(), BATCH)

    def send_raw(self, body: bytes, type_: str = BATCH, *, packed: bool = False, **headers: str) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", **headers}
        if packed:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        # Django's client leaves the type of an empty body out; others send it.
        return answer(self.wire.post(EVENTS, body, content_type=type_, CONTENT_TYPE=type_, headers=headers))

    def verdicts(self, *events: Any) -> list[str]:
        """The code of each event that a batch refuses, by its index; `ok` for the others."""
        said = self.send(*events)
        assert said.status == 200, said
        codes = {refusal["index"]: refusal["code"] for refusal in said["rejected"]}
        assert said["accepted"] + said["duplicates"] + len(codes) == len(events)
        return [codes.get(index, "ok") for index in range(len(events))]


def white_label_project(partner: Partner, name: str = "Shop", *, environment: str = "live") -> Project:
    owner = Owner(Project.Mode.WHITE_LABEL, environment=environment, partner=partner)
    return creation.sync(owner, Wanted(name), actor=SYSTEM, now=datetime.now(UTC))[0]


def today() -> date:
    return datetime.now(UTC).date()


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def counted(project: str, metric: str = "ai_tokens", on: date | None = None) -> int:
    """The day's number as a read gives it."""
    day = on or today()
    return next((each.amounts[metric] for each in store.daily(UUID(project), day, day)), 0)
