"""The partner's own audit log: who did what when, with the id of the request."""

from django.http import HttpRequest, JsonResponse

from partnership.authentication import Door
from partnership.models import Event
from partnership.paging import page
from partnership.views.door import PartnerView, answer
from partnership.views.shapes import stamp


class EventList(PartnerView):
    doors = {"GET": Door("projects:read", changes=False)}

    def get(self, request: HttpRequest) -> JsonResponse:
        mine = Event.objects.filter(partner=self.caller.partner, environment=self.caller.environment)
        rows, cursor = page(mine, request.GET, time_field="occurred_at")
        return answer({"events": [event_body(event) for event in rows], "next_cursor": cursor})


def event_body(event: Event) -> dict[str, object]:
    return {
        "id": str(event.uuid),
        "type": event.type,
        "project_id": str(event.project_id) if event.project_id else None,
        "actor": {"kind": event.actor_kind, "id": event.actor_id, "name": event.actor_name},
        "request_id": event.request_id,
        "occurred_at": stamp(event.occurred_at),
        "data": event.data,
    }
