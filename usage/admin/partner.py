"""A partner's usage, its statements and its requests, live and test apart (pages.md, "Admin")."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path, reverse

from partnership.admin.partner import PartnerAdmin
from partnership.models import Operation
from usage import charts, request_charts
from usage.charts import Ranked
from usage.chosen_store import store
from usage.metrics import METRICS, Metric
from usage.models import Statement
from usage.period import Period
from usage.store import Owner
from usage.views import chart_page, statement_page


class MeteredPartnerAdmin(PartnerAdmin):
    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponseBase]]] = {
            "usage": ("<str:pk>/usage/", self.usage_view),
            "usage_day": ("<str:pk>/usage/<str:environment>/<str:day>/<str:metric>/", self.day_view),
            "requests": ("<str:pk>/requests/", self.requests_view),
            "statements": ("<str:pk>/statements/", self.statements_view),
            "statement": ("<str:pk>/statements/<str:environment>/<str:month>/", self.statement_view),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"partnership_partner_{name}")
            for name, (route, view) in pages.items()
        ]
        return own + super().get_urls()

    def usage_view(self, request: HttpRequest, pk: str) -> HttpResponseBase:
        partner = self.get_partner(request, pk, may="view")
        asked = chart_page.read(request.GET, store.clock().date())
        owner = Owner("partner", partner.pk, asked.environment)
        if request.GET.get("format") == "csv":
            days = store.owner_days(owner, asked.period.first, asked.period.last)
            return chart_page.as_csv(request.GET, f"usage-{partner.pk}-{asked.environment}", days)

        def url_of(metric: Metric, day: date) -> str:
            return reverse("admin:partnership_partner_usage_day", args=[pk, asked.environment, day, metric.name])

        days = charts.days_of(owner, asked.period)
        metric = charts.read_metric(request.GET, days)
        shown = chart_page.figures(asked, days, url_of) | chart_page.top(asked, owner, metric, usage_of)
        return self.show(request, "usage", partner, tab="usage", environment=asked.environment, **shown)

    def day_view(self, request: HttpRequest, pk: str, environment: str, day: str, metric: str) -> HttpResponse:
        """Who made up the day's number; each leads to its events."""
        partner, on = self.get_partner(request, pk, may="view"), chart_page.read_day(day)
        if environment not in ("live", "test") or metric not in METRICS:
            raise Http404
        known, owner = METRICS[metric], Owner("partner", partner.pk, environment)
        how, ranked = charts.shown(known), charts.top_projects(owner, known, Period(on, on))
        return self.show(
            request,
            "usage_day",
            partner,
            tab="usage",
            environment=environment,
            on=on,
            metric=known,
            unit=how.unit,
            amount=charts.written(store.owner_total(owner, on, on)[metric], how),
            top=[(each, events_of(each, on, known)) for each in ranked],
        )

    def requests_view(self, request: HttpRequest, pk: str) -> HttpResponseBase:
        partner = self.get_partner(request, pk, may="view")
        asked = chart_page.read(request.GET, store.clock().date())
        mine = Operation.objects.filter(project__partner=partner, project__environment=asked.environment)
        days = request_charts.days_of(partner, asked.environment, asked.period, mine)
        if request.GET.get("format") == "csv":
            return chart_page.requests_as_csv(request.GET, f"requests-{partner.pk}-{asked.environment}", days)
        figures = chart_page.request_figures(asked, days)
        return self.show(request, "requests", partner, tab="requests", environment=asked.environment, **figures)

    def statements_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        partner = self.get_partner(request, pk, may="view")
        mine = Statement.objects.filter(partner=partner).order_by("-month")
        return self.show(
            request,
            "statements",
            partner,
            tab="statements",
            environments=[(each, mine.filter(environment=each)[: statement_page.SHOWN]) for each in ("live", "test")],
        )

    def statement_view(self, request: HttpRequest, pk: str, environment: str, month: str) -> HttpResponseBase:
        statement = statement_page.find(self.get_partner(request, pk, may="view"), environment, month)
        file = statement_page.file_of(statement, request.GET.get("format"))
        shown = statement_page.figures(statement)
        return file or self.show(request, "statement", statement.partner, tab="statements", **shown)


def usage_of(each: Ranked) -> str:
    return reverse("admin:partnership_project_usage", args=[each.project.pk])


def events_of(each: Ranked, on: date, metric: Metric) -> str:
    return reverse("admin:partnership_project_usage_events", args=[each.project.pk, on, metric.name])
