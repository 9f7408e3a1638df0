"""The charts of a partner's calls and operations: how they were answered, how long they took, how they ended.

They stand here because a day without a project is a gap, and only usage knows which days those are.
Source: pages.md, "Charts"; docs/decisions/0183.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.charts import Chart, Point, Series, Shape
from accounts.figures import Figure
from partnership import call_counts
from partnership.call_counts import CLASSES, Counted
from partnership.models import Operation, Partner
from usage.period import Period
from usage.presence import days_with_projects
from usage.store import Owner

PERCENTILES = (50, 95)
RESULTS = (Operation.Status.SUCCEEDED, Operation.Status.FAILED, Operation.Status.CANCELED)
COLUMNS = {
    "requests": tuple(f"requests_{class_}xx" for class_ in CLASSES),
    "latency": tuple(f"latency_p{share}_ms" for share in PERCENTILES),
    "operations": tuple(f"operations_{result.value}" for result in RESULTS),
}


@dataclass(frozen=True)
class Day:
    """`calls` or `ended` None: nothing there could have been counted."""

    on: date
    calls: Counted | None
    ended: Counter[str] | None

    def values(self, name: str) -> list[int | None]:
        """The values of the chart `name`, in the order of its columns."""
        if name == "operations":
            return [self.ended[result] if self.ended is not None else None for result in RESULTS]
        if self.calls is None:
            return [None] * len(COLUMNS[name])
        if name == "requests":
            return [self.calls.by_class[class_] for class_ in CLASSES]
        return [self.calls.percentile(share) for share in PERCENTILES]

    def row(self) -> dict[str, object]:
        """For a file: a gap is an empty cell."""
        shown: dict[str, object] = {"day": self.on}
        for name, columns in COLUMNS.items():
            shown |= zip(columns, self.values(name), strict=True)
        return shown


def days_of(partner: Partner, environment: str, period: Period, operations: QuerySet[Operation]) -> list[Day]:
    """Every day of `period`; `operations` are those that the reader may know of."""
    present = days_with_projects(Owner("partner", partner.pk, environment), period)
    calls = call_counts.of_days(partner, environment, period.first, period.last)
    since = call_counts.first_day(partner, environment) or date.max
    ended = ended_on(operations, period)
    days = (period.first + timedelta(days=n) for n in range((period.last - period.first).days + 1))
    return [
        Day(
            on,
            calls.get(on) or (Counted() if on in present and on >= since else None),
            ended.get(on) or (Counter() if on in present else None),
        )
        for on in days
    ]


def ended_on(operations: QuerySet[Operation], period: Period) -> dict[date, Counter[str]]:
    """How many ended how on each day."""
    since, until = (datetime.combine(day, time(), UTC) for day in (period.first, period.last + timedelta(days=1)))
    # By their beginning too, which the index of a project's operations has: one that took over a week is left out.
    begun = operations.filter(created_at__gte=since - timedelta(days=7), created_at__lt=until)
    rows = begun.filter(finished_at__gte=since, finished_at__lt=until, status__in=RESULTS)
    rows = rows.annotate(on=TruncDate("finished_at", tzinfo=UTC)).order_by()
    found: dict[date, Counter[str]] = {}
    for on, status, count in rows.values_list("on", "status").annotate(Count("pk")):
        found.setdefault(on, Counter())[status] = count
    return found


def figures(days: Sequence[Day], csv_url: Callable[[str], str]) -> list[Figure]:
    """The last of `days` is today."""
    names: dict[str, Sequence[str | Promise]] = {
        "requests": [f"{class_}xx" for class_ in CLASSES],
        "latency": [f"p{share}" for share in PERCENTILES],
        "operations": [result.label for result in RESULTS],
    }
    titles = {
        "requests": (_("Requests by status"), _("requests")),
        "latency": (_("Latency"), "ms"),
        "operations": (_("Operations by result"), _("operations")),
    }
    made = []
    for name, (title, unit) in titles.items():
        values = [day.values(name) for day in days]
        chart = Chart(
            name=name,
            title=title,
            unit=unit,
            shape=Shape.LINE if name == "latency" else Shape.BARS,
            days=[day.on for day in days],
            series=[Series(each, [Point(value[place]) for value in values]) for place, each in enumerate(names[name])],
            today=days[-1].on,
        )
        made.append(Figure(chart, summary(chart, days), csv_url(name)))
    return made


def summary(chart: Chart, days: Sequence[Day]) -> str:
    """The period in a sentence, and the day that stands out."""
    if chart.is_empty:
        return _("No data.")
    if chart.is_zero:
        return _("None on any day.")
    if chart.name == "latency":
        return latency(days)
    by_day = zip(*(each.points for each in chart.series), strict=True)
    totals = [sum(point.value or 0 for point in points) for points in by_day]
    most = max(range(len(days)), key=lambda index: (totals[index], index))
    words = {"total": chart.shown(sum(totals)), "unit": chart.unit, "most": chart.shown(totals[most])}
    named = _("Total: %(total)s %(unit)s. Most on one day: %(most)s on %(day)s.")
    parts = [f"{each.name}: {chart.shown(sum(point.value or 0 for point in each.points))}" for each in chart.series]
    return named % {**words, "day": chart.days[most].isoformat()} + f" {', '.join(parts)}."


def latency(days: Sequence[Day]) -> str:
    every = Counted()
    for day in days:
        if day.calls:
            every.add(day.calls)
    half, most = (every.percentile(share) for share in PERCENTILES)
    return _(
        "Of all calls, half took at most %(half)s ms, and 95 of 100 at most %(most)s ms. "
        "A duration is told as at most a fifth too long, never too short."
    ) % {"half": half, "most": most}
