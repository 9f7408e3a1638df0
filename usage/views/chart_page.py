"""What a page of charts shows, for staff and for people alike: the period asked for, its figures, its CSV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import Http404, QueryDict, StreamingHttpResponse

from accounts.csv_file import csv_file
from accounts.figures import Figure
from usage import charts, reports, request_charts
from usage.charts import DayUrl, Names, Ranked
from usage.metrics import METRICS, NAMES, Metric
from usage.period import Period, parse_day
from usage.store import Day, Owner

Context = dict[str, object]


@dataclass(frozen=True)
class Asked:
    """`days` back from today, and of which environment."""

    days: int
    environment: str
    today: date

    @property
    def period(self) -> Period:
        return charts.last_days(self.days, self.today)

    def link(self, **changes: str) -> str:
        """This page with `changes`, as a query."""
        kept = {"days": str(self.days)} | ({"environment": "test"} if self.environment == "test" else {})
        return f"?{urlencode(kept | changes)}"


def read(query: QueryDict, today: date) -> Asked:
    environment = "test" if query.get("environment") == "test" else "live"
    return Asked(charts.read_range(query), environment, today)


def read_day(text: str) -> date:
    """Raises Http404, also for the last day of the calendar: it has no day after it, where its figures would end."""
    try:
        day = parse_day(text)
    except ValueError:
        raise Http404 from None
    if day == date.max:
        raise Http404
    return day


def figures(asked: Asked, days: list[Day], url_of: DayUrl | None = None) -> Context:
    def csv_url(metric: Metric) -> str:
        return asked.link(format="csv", column=metric.name)

    return around(asked, charts.figures(days, asked.period, csv_url=csv_url, url_of=url_of))


def request_figures(asked: Asked, days: list[request_charts.Day]) -> Context:
    return around(asked, request_charts.figures(days, lambda name: asked.link(format="csv", column=name)))


def around(asked: Asked, figures: list[Figure]) -> Context:
    return {
        "ranges": [(each, asked.link(days=str(each))) for each in charts.RANGES],
        "range": asked.days,
        "period": asked.period,
        "figures": figures,
        "csv_url": asked.link(format="csv"),
    }


def top(
    asked: Asked,
    owner: Owner,
    metric: Metric,
    url_of: Callable[[Ranked], str] | None = None,
    names: Names = charts.own_names,
) -> Context:
    ranked = charts.top_projects(owner, metric, asked.period, names)
    return {
        "metrics": [(each, asked.link(metric=each.name)) for each in METRICS.values()],
        "metric": metric,
        "unit": charts.shown(metric).unit,
        "top": [(each, url_of(each) if url_of else "") for each in ranked],
    }


def as_csv(query: QueryDict, name: str, days: list[Day]) -> StreamingHttpResponse:
    """The daily rows as the API gives them; `column` asks for one metric alone."""
    column = query.get("column", "")
    columns = ("usage_date", *((column,) if column in METRICS else NAMES), "estimated")
    return csv_file(name, columns, map(reports.daily_row, days))


def requests_as_csv(query: QueryDict, name: str, days: list[request_charts.Day]) -> StreamingHttpResponse:
    """`column` asks for the columns of one chart alone."""
    columns = request_charts.COLUMNS
    asked = columns.get(query.get("column", ""), [each for group in columns.values() for each in group])
    return csv_file(name, ("day", *asked), (day.row() for day in days))
