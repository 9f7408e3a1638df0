"""The partner's audit log: who did what when."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse

from partnership import events
from partnership.views.console.door import Visit, page
from partnership.views.console.frame import show
from partnership.views.console.lists import paged
from partnership.views.events import event_body


@page("projects:read")
def event_list(request: HttpRequest, visit: Visit) -> HttpResponse:
    found, shown = paged(request, events.visible_to(visit.partner, visit.environment), time_field="occurred_at")
    # As the API tells them: our staff have no names, and a project has the one that it had then.
    rows = [{"event": row, "told": event_body(row), "data": in_lines(row.data)} for row in found]
    return show(request, visit, "events", "console_events", rows=rows, **shown)


def in_lines(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)
