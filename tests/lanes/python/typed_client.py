"""The client that openapi-python-client makes of the document, used as its types say: python typed_client.py

Run by tests/lanes/test_generated_clients.py, with the generated package beside it.
"""

import json
import os
import uuid
from datetime import UTC, datetime

from gatehouse_client import AuthenticatedClient
from gatehouse_client.api.partnership_white_label import white_label_pause, white_label_sync_embedded_project
from gatehouse_client.api.platform_ingest import ingest_events
from gatehouse_client.api.profile import profile
from gatehouse_client.models import (
    CloudEvent,
    CloudEventData,
    CloudEventSpecversion,
    CloudEventType,
    IngestAnswer,
    Moved,
    Profile,
    SyncBody,
    SyncedProject,
    WaitBody,
    WhiteLabelPauseResponse404,
)

GATEHOUSE = os.environ["GATEHOUSE"]
PARTNER_ID = os.environ["PARTNER_ID"]


def bearer(token: str) -> AuthenticatedClient:
    return AuthenticatedClient(GATEHOUSE, token)


partner = AuthenticatedClient(
    GATEHOUSE, os.environ["PARTNER_SECRET"], prefix="", auth_header_name="X-Partnership-Secret"
).with_timeout(40)  # type: ignore[arg-type]  # it takes what httpx takes

made = white_label_sync_embedded_project.sync(PARTNER_ID, client=partner, body=SyncBody("Typed in Python", "us-east"))
assert isinstance(made, SyncedProject), made
project_id = made.project.id

paused = white_label_pause.sync(PARTNER_ID, project_id, client=partner, body=WaitBody(True))
assert isinstance(paused, Moved), paused

refused = white_label_pause.sync(PARTNER_ID, uuid.uuid4(), client=partner)
assert isinstance(refused, WhiteLabelPauseResponse404), refused

event = CloudEvent(
    specversion=CloudEventSpecversion.VALUE_0,
    id=str(uuid.uuid4()),
    source="/typed/python",
    type_=CloudEventType.USAGE_RECORDED,
    time=datetime.now(UTC),
    data=CloudEventData.from_dict({"mcp_calls": 2}),
    subject=project_id,
)
counted = ingest_events.sync(client=bearer(os.environ["MACHINE_TOKEN"]), body=event)
assert isinstance(counted, IngestAnswer), counted

person = profile.sync(client=bearer(os.environ["TOKEN"]))
assert isinstance(person, Profile), person

print(
    json.dumps(
        {
            "status": paused.project.status,
            "refused": refused.code,
            "accepted": counted.accepted,
            "email": person.user.email,
        }
    )
)
