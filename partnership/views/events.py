"""The partner's own audit log: who did what when, with the id of the request (partnership.md)."""

from typing import Any, TypedDict

from django.http import HttpRequest, JsonResponse

from oauth_provider.views.call import Call, Id, Stamp
from partnership import events
from partnership.authentication import Door
from partnership.models import Event
from partnership.paging import page
from partnership.views.door import PartnerView, answer
from partnership.views.fields import PageQuery
from partnership.views.shapes import stamp


class ActorBody(TypedDict):
    kind: str
    id: str | None
    name: str | None


class EventBody(TypedDict):
    id: Id
    type: str
    project_id: Id | None
    actor: ActorBody
    request_id: str | None
    occurred_at: Stamp | None
    data: dict[str, Any]


class Events(TypedDict):
    events: list[EventBody]
    next_cursor: str | None


class EventList(PartnerView):
    doors = {"GET": Door("projects:read", changes=False)}
    calls = {"GET": Call("Who did what when, newest first", {200: Events}, query=PageQuery)}

    def get(self, request: HttpRequest) -> JsonResponse:
        mine = events.visible_to(self.caller.partner, self.caller.environment)
        rows, cursor = page(mine, request.GET, time_field="occurred_at")
        return answer(Events(events=[event_body(event) for event in rows], next_cursor=cursor))


def event_body(event: Event) -> EventBody:
    return {
        "id": str(event.uuid),
        "type": event.type,
        "project_id": str(event.project_id) if event.project_id else None,
        "actor": actor_body(event),
        "request_id": event.request_id or None,
        "occurred_at": stamp(event.occurred_at),
        "data": event.data,
    }


def actor_body(event: Event) -> ActorBody:
    """Our staff have no names outside of the house."""
    if event.actor_kind == "staff":
        return {"kind": "staff", "id": None, "name": None}
    return {"kind": event.actor_kind, "id": event.actor_id or None, "name": event.actor_name or None}
