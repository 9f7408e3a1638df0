"""A project's usage, and the events behind a day's number (pages.md, "Admin")."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from oauth_provider.models import Application
from partnership.admin.projects import ProjectAdmin
from partnership.errors import Invalid
from partnership.models import Project
from usage import charts
from usage.chosen_store import store
from usage.metrics import METRICS, Metric
from usage.store import CountedEvent
from usage.views import chart_page
from usage.views.cursors import read_event_cursor, write_event_cursor

EVENTS_SHOWN = 50


class MeteredProjectAdmin(ProjectAdmin):
    change_form_template = "admin/usage/project_form.html"

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponseBase]]] = {
            "usage": ("<uuid:pk>/usage/", self.usage_view),
            "usage_events": ("<uuid:pk>/usage/<str:day>/<str:metric>/", self.events_view),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=self.route_name(name))
            for name, (route, view) in pages.items()
        ]
        return own + super().get_urls()

    def get_project(self, request: HttpRequest, pk: UUID) -> Project:
        """Raises PermissionDenied, Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        project = Project.objects.select_related("partner").filter(pk=pk).first()
        if project is None:
            raise Http404
        return project

    def show(self, request: HttpRequest, name: str, project: Project, **context: Any) -> HttpResponse:
        everything = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": project,
            "title": project.name,
            "is_test": project.environment == "test",
            **context,
        }
        return TemplateResponse(request, f"admin/usage/{name}.html", everything)

    def usage_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        project = self.get_project(request, pk)
        asked = chart_page.read(request.GET, store.clock().date())
        days = store.daily(project.pk, asked.period.first, asked.period.last)
        if request.GET.get("format") == "csv":
            return chart_page.as_csv(request.GET, f"usage-{project.pk}", days)

        def url_of(metric: Metric, day: date) -> str:
            return reverse(f"admin:{self.route_name('usage_events')}", args=[pk, day, metric.name])

        return self.show(request, "project_usage", project, **chart_page.figures(asked, days, url_of))

    def events_view(self, request: HttpRequest, pk: UUID, day: str, metric: str) -> HttpResponse:
        """The events that add up to the day's number; of a peak its samples."""
        project, on = self.get_project(request, pk), chart_page.read_day(day)
        if metric not in METRICS:
            raise Http404
        known, days = METRICS[metric], store.daily(project.pk, on, on)
        how = charts.shown(known)
        shown = {
            "on": on,
            "metric": known,
            "unit": how.unit,
            "amount": charts.written(days[0].amounts[metric] if days else 0, how),
            "is_estimated": bool(days and days[0].estimated),
        }
        if on < store.oldest_event_day():
            return self.show(request, "project_events", project, **shown, is_expired=True)
        page = store.events(project.pk, on, metric, after=read_cursor(request), limit=EVENTS_SHOWN)
        return self.show(
            request,
            "project_events",
            project,
            **shown,
            rows=rows_of(page.events, known),
            next_cursor=write_event_cursor(page.next),
        )


def read_cursor(request: HttpRequest) -> Any:
    """Raises Http404 for what is no cursor."""
    try:
        return read_event_cursor(request.GET.get("cursor"))
    except Invalid:
        raise Http404 from None


def rows_of(events: Any, metric: Metric) -> list[dict[str, object]]:
    clients = Application.objects.in_bulk({event.client for event in events})
    return [row_of(event, metric, clients) for event in events]


def row_of(event: CountedEvent, metric: Metric, clients: dict[int, Application]) -> dict[str, object]:
    """Exact: in the metric's own unit, as the sender gave it."""
    client = clients.get(event.client)
    return {"event": event, "value": charts.exact(event.amounts[metric.name], metric), "client": client}
