"""Metering in. Source: usage.md, "Metering in"."""

from typing import Annotated, NotRequired, TypedDict

from django.http import HttpRequest, JsonResponse

from oauth_provider.views.call import Call, Id, Stamp, says
from oauth_provider.views.door import Access, PlatformView
from usage import ingest
from usage.chosen_store import store
from usage.errors import EventsUnavailable, TooManyEvents, UnsupportedMediaType
from usage.request_body import BATCHES, ONE_EVENT, read_events
from usage.senders import get_sender

Name = Annotated[str, says(minLength=1, maxLength=255)]


class CloudEvent(TypedDict):
    """As the reference shows it; `usage/cloud_events.py` reads it."""

    specversion: Annotated[str, says(enum=("1.0",))]
    id: Name
    source: Name
    type: Annotated[str, says(enum=("usage.recorded", "usage.voided"))]
    subject: NotRequired[Id]
    time: Stamp
    data: dict[str, object]


class RejectedEvent(TypedDict):
    index: int
    id: str | None
    code: str
    message: str


class IngestAnswer(TypedDict):
    accepted: int
    duplicates: int
    rejected: list[RejectedEvent]


class Events(PlatformView):
    """POST /usage/v1/events: CloudEvents, one or a batch; a verdict for each."""

    doors = {"POST": Access("usage:write")}
    calls = {
        "POST": Call(
            "Usage events: each counts once, by source and id",
            {200: IngestAnswer},
            bodies={ONE_EVENT: CloudEvent, **dict.fromkeys(BATCHES, list[CloudEvent])},
            refusals=(UnsupportedMediaType, TooManyEvents, EventsUnavailable),
        )
    }

    def post(self, request: HttpRequest) -> JsonResponse:
        raws = read_events(request)
        sender = get_sender(self.bearer.application_id)
        return JsonResponse(shape(ingest.accept(sender, raws, now=store.clock())))


def shape(answer: ingest.Answer) -> IngestAnswer:
    return IngestAnswer(
        accepted=answer.accepted,
        duplicates=answer.duplicates,
        rejected=[
            RejectedEvent(index=each.index, id=each.id, code=each.code, message=each.message)
            for each in answer.rejected
        ],
    )
