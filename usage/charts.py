"""The charts of usage: one for each metric, drawn from the days that the API reads (pages.md, "Charts")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.charts import Chart, Point, Series, Shape, number
from accounts.figures import Figure
from partnership.models import Project
from usage.chosen_store import store
from usage.metrics import METRICS, NAMES, Kind, Metric, fold
from usage.period import Period
from usage.presence import days_with_projects
from usage.store import Day, Owner

RANGES = (7, 30, 90, 366)
DEFAULT_RANGE = 30
GIB = 2**30
SHOWN_AT_TOP = 10

Names = Callable[[Iterable[Project]], dict[UUID, str]]
DayUrl = Callable[[Metric, date], str]


@dataclass(frozen=True)
class Shown:
    """How people see a metric: bytes in GiB, everything else in its unit."""

    unit: str
    per_unit: int
    places: int
    exact_unit: str = ""


@dataclass(frozen=True)
class Ranked:
    """A project among those that used most. `share`: of the first one's, in percent."""

    project: Project
    name: str
    amount: str
    share: str


def shown(metric: Metric) -> Shown:
    if metric.name.endswith("_bytes"):
        return Shown(_("GiB"), GIB, 6, str(metric.unit))
    return Shown(str(metric.unit), 10**metric.places, metric.places)


def read_range(query: QueryDict) -> int:
    """How many days are asked for; what is not offered gets the default."""
    asked = query.get("days", "")
    return int(asked) if asked in map(str, RANGES) else DEFAULT_RANGE


def last_days(count: int, today: date) -> Period:
    return Period(today - timedelta(days=count - 1), today)


def read_metric(query: QueryDict, days: Iterable[Day]) -> Metric:
    """Which metric is asked for; else the first of which the days have something, if any."""
    total = fold(day.amounts for day in days)
    usual = next((name for name in NAMES if total[name]), NAMES[0])
    return METRICS.get(query.get("metric", ""), METRICS[usual])


def days_of(owner: Owner, period: Period) -> list[Day]:
    """The owner's days, without those on which it had no project."""
    present = days_with_projects(owner, period)
    days = store.owner_days(owner, period.first, period.last)
    return [day for day in days if day.on in present or any(day.amounts.values())]


def figures(
    days: Iterable[Day], period: Period, *, csv_url: Callable[[Metric], str], url_of: DayUrl | None = None
) -> list[Figure]:
    """A figure for each metric; a day of `period` that is not among `days` is a gap. The period ends today."""
    known, closed_before = {day.on: day for day in days}, store.first_open_day()
    return [
        Figure(
            chart := draft(metric, known, period, closed_before),
            summary(metric, chart, list(known.values())),
            csv_url(metric),
            partial(url_of, metric) if url_of else None,
        )
        for metric in METRICS.values()
    ]


def draft(metric: Metric, known: dict[date, Day], period: Period, closed_before: date) -> Chart:
    how, days = shown(metric), [period.first + timedelta(days=n) for n in range((period.last - period.first).days + 1)]
    return Chart(
        name=metric.name,
        title=metric.title,
        unit=how.unit,
        shape=Shape.LINE if metric.kind is Kind.PEAK else Shape.BARS,
        days=days,
        series=[Series(metric.title, [point(metric, known.get(day)) for day in days])],
        today=period.last,
        closed_before=closed_before,
        per_unit=how.per_unit,
        places=how.places,
        exact_unit=how.exact_unit,
    )


def point(metric: Metric, day: Day | None) -> Point:
    if day is None:
        return Point(None)
    amount = day.amounts[metric.name]
    # A day says that some size of it was carried on, not which; what is zero was hardly it.
    return Point(amount, is_estimated=day.estimated and metric.kind is Kind.PEAK and amount > 0)


def summary(metric: Metric, chart: Chart, days: Sequence[Day]) -> str:
    """The period in a sentence: the figure that the API gives, and the day that stands out."""
    if chart.is_empty:
        return _("No data.")
    total = fold(day.amounts for day in days)[metric.name]
    if not total:
        return _("Nothing was used on any day.")
    most = max(days, key=lambda day: (day.amounts[metric.name], day.on))
    words = {"total": chart.shown(total), "unit": chart.unit, "day": most.on.isoformat()}
    if metric.kind is Kind.PEAK:
        words["last"] = chart.shown(max(days, key=lambda day: day.on).amounts[metric.name])
        return _("Highest: %(total)s %(unit)s on %(day)s. Last: %(last)s %(unit)s.") % words
    words["most"] = chart.shown(most.amounts[metric.name])
    return _("Total: %(total)s %(unit)s. Most on one day: %(most)s on %(day)s.") % words


def own_names(projects: Iterable[Project]) -> dict[UUID, str]:
    """As people and staff read them; a partner may not read all (`connections.names_for`)."""
    return {project.pk: project.name for project in projects}


def top_projects(owner: Owner, metric: Metric, period: Period, names: Names = own_names) -> list[Ranked]:
    """The projects that used most in `period`, most first; those that used nothing are not among them."""
    ids = store.top_projects(owner, metric.name, period.first, period.last, SHOWN_AT_TOP)
    totals = store.project_totals(owner, ids, period.first, period.last)
    amounts = {id_: totals[id_][metric.name] for id_ in ids if totals[id_][metric.name]}
    rows, how, most = Project.objects.in_bulk(ids), shown(metric), max(amounts.values(), default=0)
    named = names(rows.values())
    return [
        Ranked(rows[id_], named[id_], written(amount, how), f"{Decimal(amount) * 100 / most:.2f}%")
        for id_, amount in sorted(amounts.items(), key=lambda pair: (-pair[1], pair[0].bytes))
    ]


def written(amount: int, how: Shown) -> str:
    return number(Decimal(amount) / how.per_unit, how.places)


def exact(amount: int, metric: Metric) -> str:
    """In the metric's own unit, to the last place."""
    return number(Decimal(amount).scaleb(-metric.places), metric.places)
