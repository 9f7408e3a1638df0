"""Usage as partners read it: a project's, the partnership's, and the events behind a number (usage.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from accounts.csv_file import csv_file
from oauth_provider.views.call import Call
from oauth_provider.views.door import as_uuid
from partnership.authentication import Door
from partnership.connections import names_for
from partnership.errors import Fault, Invalid, ProjectNotFound, not_among
from partnership.models import Project
from partnership.paging import page, read_limit, read_page
from partnership.views.door import PartnerView
from partnership.views.shapes import stamp
from usage import reports
from usage.chosen_store import store
from usage.errors import EventsExpired, EventsUnavailable
from usage.metrics import METRICS, NAMES, Metric
from usage.period import Period, check_parameters, read_day, read_period
from usage.store import Owner
from usage.views.answers import exact_json, wants_csv
from usage.views.cursors import read_event_cursor, write_event_cursor
from usage.views.shapes import EventQuery, PartnerQuery, PartnerUsageBody, ProjectUsageBody, ReadQuery, UsageEventsBody

PERIOD = ("start_date", "end_date", "format")
DAILY_COLUMNS = ("usage_date", *NAMES, "estimated")
TOTAL_COLUMNS = ("id", "name", "status", *(metric.total_name for metric in METRICS.values()))
CHUNK = 100


class UsageView(PartnerView):
    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def projects(self) -> QuerySet[Project]:
        """All that the partner ever made here: deleted ones and those that people cut off have figures too."""
        return Project.objects.filter(partner=self.caller.partner, environment=self.caller.environment)

    def get_project(self, project_id: str, **which: object) -> Project:
        project = self.projects.filter(pk=as_uuid(project_id), **which).first()
        if project is None:
            raise ProjectNotFound
        return project


class ProjectUsage(UsageView):
    """GET :projectId/usage, also of a deleted project."""

    doors = {"GET": Door("usage:read", Project.Mode.WHITE_LABEL, changes=False)}
    calls = {
        "GET": Call(
            "A project's figures and days, also of a deleted one",
            {200: ProjectUsageBody},
            query=ReadQuery,
            refusals=(ProjectNotFound,),
        )
    }

    def get(self, request: HttpRequest, project_id: str) -> HttpResponseBase:
        check_parameters(request.GET, PERIOD)
        period = read_period(request.GET, self.today)
        project = self.get_project(project_id, mode=Project.Mode.WHITE_LABEL)
        if wants_csv(request):
            return csv_file(f"usage-{project.pk}", DAILY_COLUMNS, self.rows(project, period))
        about = {**reports.project_key(project), "last_activity_at": stamp(project.last_activity_at)}
        return exact_json({"project": about, **reports.of_project(project, period, self.now)})

    def rows(self, project: Project, period: Period) -> Iterator[reports.Body]:
        past = period.so_far(self.now)
        return (reports.daily_row(day) for day in store.daily(project.pk, past.first, past.last))


class PartnerUsage(UsageView):
    """GET usage: over all projects of the partner, of both modes, deleted ones too."""

    doors = {"GET": Door("usage:read", changes=False)}
    calls = {"GET": Call("The figures over all projects", {200: PartnerUsageBody}, query=PartnerQuery)}

    def get(self, request: HttpRequest) -> HttpResponseBase:
        check_parameters(request.GET, (*PERIOD, "group_by", "granularity", "limit", "cursor"))
        period = read_period(request.GET, self.today)
        read_page(request.GET, Project)
        by_project, by_day = chosen(request, "group_by", "project"), chosen(request, "granularity", "day")
        if wants_csv(request):
            return self.as_csv(period, by_project=by_project, by_day=by_day)
        partner = self.caller.partner
        about = {"id": partner.pk, "name": partner.name}
        body = reports.of_partner(partner, self.caller.environment, period, self.now, by_day=by_day)
        if by_project:
            body |= self.page_of_projects(request, period)
        return exact_json({"partnership": about, **body})

    def page_of_projects(self, request: HttpRequest, period: Period) -> reports.Body:
        rows, cursor = page(
            self.projects.filter(reports.counted_in(self.owner, period)), request.GET, time_field="created_at"
        )
        return {"projects": list(self.totals(rows, period)), "next_cursor": cursor}

    def totals(self, projects: list[Project], period: Period) -> Iterator[reports.Body]:
        return reports.totals_of(self.caller.partner, self.caller.environment, projects, period, self.now)

    def as_csv(self, period: Period, *, by_project: bool, by_day: bool) -> HttpResponseBase:
        """The daily rows of each project; of all together (`granularity=day`); or a row for each project."""
        name = f"usage-{self.caller.partner.pk}"
        if by_project:
            rows = (row for chunk in self.chunks(period) for row in self.totals(chunk, period))
            return csv_file(name, TOTAL_COLUMNS, rows)
        if by_day:
            past = period.so_far(self.now)
            days = store.owner_days(self.owner, past.first, past.last)
            return csv_file(name, DAILY_COLUMNS, map(reports.daily_row, days))
        return csv_file(name, ("project_id", "project_name", *DAILY_COLUMNS), self.rows_by_project(period))

    @property
    def owner(self) -> Owner:
        return Owner("partner", self.caller.partner.pk, self.caller.environment)

    def rows_by_project(self, period: Period) -> Iterator[reports.Body]:
        past = period.so_far(self.now)
        for chunk in self.chunks(period):
            names = names_for(self.caller.partner, chunk)
            for project, day in store.daily_rows(self.owner, list(names), past.first, past.last):
                yield {"project_id": str(project), "project_name": names[project], **reports.daily_row(day)}

    def chunks(self, period: Period) -> Iterator[list[Project]]:
        """The projects of `period` a hundred at a time, oldest first."""
        rows = self.projects.filter(reports.counted_in(self.owner, period)).order_by("created_at", "pk")
        last: Project | None = None
        while chunk := list((rows.filter(reports.after(last)) if last else rows)[:CHUNK]):
            yield chunk
            last = chunk[-1]


class UsageEvents(UsageView):
    """GET :projectId/usage/events: the events behind one day's number; they add up to it."""

    doors = {"GET": Door("usage:read", changes=False)}
    calls = {
        "GET": Call(
            "The events behind a day's number",
            {200: UsageEventsBody},
            query=EventQuery,
            refusals=(ProjectNotFound, EventsExpired, EventsUnavailable),
        )
    }

    def get(self, request: HttpRequest, project_id: str) -> HttpResponse:
        check_parameters(request.GET, ("date", "metric", "limit", "cursor"))
        on, metric = get_day(request), get_metric(request)
        limit, after = read_limit(request.GET.get("limit")), read_event_cursor(request.GET.get("cursor"))
        project = self.get_project(project_id)
        if on < store.oldest_event_day():
            raise EventsExpired
        days = store.daily(project.pk, on, on)
        found = store.events(project.pk, on, metric.name, after=after, limit=limit)
        return exact_json(
            {
                "project": {"id": str(project.pk)},
                "date": on.isoformat(),
                "metric": metric.name,
                "kind": metric.kind,
                "value": metric.shown(days[0].amounts[metric.name] if days else 0),
                "estimated": bool(days and days[0].estimated),
                "events": [reports.event_row(event, metric) for event in found.events],
                "next_cursor": write_event_cursor(found.next),
            }
        )


def chosen(request: HttpRequest, name: str, value: str) -> bool:
    """Whether parameter `name` asks for `value`, the one that it may have. Raises Invalid (422)."""
    if name in request.GET and request.GET[name] != value:
        raise not_among(name, (value,))
    return name in request.GET


def get_day(request: HttpRequest) -> date:
    day = read_day(request.GET, "date")
    if day is None:
        raise Invalid(Fault("date", "required", "date is needed: a day such as 2026-01-31."))
    return day


def get_metric(request: HttpRequest) -> Metric:
    metric = METRICS.get(request.GET.get("metric", ""))
    if metric is None:
        raise not_among("metric", NAMES)
    return metric
