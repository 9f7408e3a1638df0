"""The request log: the partner's own calls of the last days, as they were answered."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase

from accounts.csv_file import csv_file
from partnership.models import LoggedCall
from partnership.views.console.door import Visit, page
from partnership.views.console.frame import show
from partnership.views.console.lists import CallFilter, link, paged
from partnership.views.shapes import stamp

CALLS = "console_calls"
COLUMNS = ("answered_at", "method", "path", "status", "error_code", "request_id", "milliseconds")
AT_MOST = 100_000  # lines of a file


@page("projects:read")
def call_list(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    form = CallFilter(request.GET)
    rows = form.narrow(LoggedCall.objects.filter(partner=visit.partner, environment=visit.environment))
    if request.GET.get("format") == "csv":
        return csv_file(f"calls-{visit.partner.pk}-{visit.environment}", COLUMNS, lines(rows))
    found, shown = paged(request, rows, time_field="answered_at")
    return show(
        request,
        visit,
        "calls",
        CALLS,
        form=form,
        rows=found,
        csv_url=link(request, format="csv"),
        days=settings.REQUEST_LOG_DAYS,
        **shown,
    )


def lines(rows: QuerySet[LoggedCall]) -> Iterator[dict[str, object]]:
    """The newest first."""
    for row in rows.order_by("-answered_at", "-id")[:AT_MOST].values(*COLUMNS).iterator():
        yield {**row, "answered_at": stamp(row["answered_at"])}
