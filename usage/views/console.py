"""The partner console's pages of usage: charts, the projects behind a day's number, closed months, requests.

They stand here, in the lowest app that sees all they show; the console itself is partnership's
(docs/decisions/0091). The figures are those of GET usage and GET statements.
"""

from __future__ import annotations

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.gzip import gzip_page

from oauth_provider.views.door import as_uuid
from partnership.connections import names_for
from partnership.views.console.door import Visit, page
from partnership.views.console.frame import show
from partnership.views.operations import visible
from usage import charts, request_charts
from usage.charts import Ranked
from usage.chosen_store import store
from usage.metrics import METRICS
from usage.models import Statement
from usage.period import Period
from usage.store import Owner
from usage.views import chart_page, statement_page
from usage.views.chart_page import Asked

USAGE, STATEMENTS, REQUESTS = "console_usage", "console_statements", "console_requests"
SCOPE = "usage:read"


@gzip_page  # a year of charts with their tables; nothing of the caller's is repeated in it
@page(SCOPE)
def usage(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    asked, owner = asked_of(request), owner_of(visit)
    if request.GET.get("format") == "csv":
        days = store.owner_days(owner, asked.period.first, asked.period.last)
        return chart_page.as_csv(request.GET, f"usage-{visit.partner.pk}-{visit.environment}", days)
    days = charts.days_of(owner, asked.period)
    metric = charts.read_metric(request.GET, days)
    names = partial(names_for, visit.partner)
    top = chart_page.top(asked, owner, metric, lambda each: usage_of(visit, each), names)
    figures = chart_page.figures(
        asked, days, lambda metric, on: visit.url("console_usage_day", on.isoformat(), metric.name)
    )
    return show(request, visit, "usage", USAGE, **figures, **top)


@page(SCOPE)
def usage_day(request: HttpRequest, visit: Visit, day: str, metric: str) -> HttpResponse:
    """Which projects made up the day's number."""
    on = chart_page.read_day(day)
    if metric not in METRICS:
        raise Http404
    known, owner, names = METRICS[metric], owner_of(visit), partial(names_for, visit.partner)
    how = charts.shown(known)
    ranked = charts.top_projects(owner, known, Period(on, on), names)
    return show(
        request,
        visit,
        "usage_day",
        USAGE,
        on=on,
        metric=known,
        unit=how.unit,
        amount=charts.written(store.owner_total(owner, on, on)[metric], how),
        top=[(each, usage_of(visit, each)) for each in ranked],
    )


@gzip_page  # a year of charts with their tables; nothing of the caller's is repeated in it
@page(SCOPE)
def project_usage(request: HttpRequest, visit: Visit, project_id: str) -> HttpResponseBase:
    """Of all that the partner ever made here, as the API gives it: deleted projects have figures too."""
    project = visit.partner.projects.filter(environment=visit.environment, pk=as_uuid(project_id)).first()
    if project is None:
        raise Http404
    asked = asked_of(request)
    days = store.daily(project.pk, asked.period.first, asked.period.last)
    if request.GET.get("format") == "csv":
        return chart_page.as_csv(request.GET, f"usage-{project.pk}", days)
    name = names_for(visit.partner, [project])[project.pk]
    figures = chart_page.figures(asked, days)
    return show(request, visit, "project_usage", USAGE, project_id=project.pk, project_name=name, **figures)


@page(SCOPE)
def statement_list(request: HttpRequest, visit: Visit) -> HttpResponse:
    mine = Statement.objects.filter(partner=visit.partner, environment=visit.environment).order_by("-month")
    return show(request, visit, "statements", STATEMENTS, rows=mine[: statement_page.SHOWN])


@page(SCOPE)
def statement(request: HttpRequest, visit: Visit, month: str) -> HttpResponseBase:
    found = statement_page.find(visit.partner, visit.environment, month)
    file = statement_page.file_of(found, request.GET.get("format"))
    return file or show(request, visit, "statement", STATEMENTS, **statement_page.figures(found))


@gzip_page  # a year of charts with their tables; nothing of the caller's is repeated in it
@page("projects:read")
def requests(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    asked = asked_of(request)
    days = request_charts.days_of(visit.partner, visit.environment, asked.period, visible(visit))
    if request.GET.get("format") == "csv":
        return chart_page.requests_as_csv(request.GET, f"requests-{visit.partner.pk}-{visit.environment}", days)
    return show(request, visit, "requests", REQUESTS, **chart_page.request_figures(asked, days))


def asked_of(request: HttpRequest) -> Asked:
    """The environment is the address's and no part of its links' queries."""
    return Asked(charts.read_range(request.GET), "", store.clock().date())


def owner_of(visit: Visit) -> Owner:
    return Owner("partner", visit.partner.pk, visit.environment)


def usage_of(visit: Visit, each: Ranked) -> str:
    return visit.url("console_project_usage", each.project.pk)
