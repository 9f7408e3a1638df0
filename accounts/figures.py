"""A chart with what stands around it: summary, key, the table of its values, CSV (`charts/figure.html`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.charts import Chart, Shape, draw, draw_links, titled

MAX_LINKED = 92  # days whose columns lead somewhere: thinner ones nobody can hit


@dataclass(frozen=True)
class Row:
    """A day of the table."""

    day: date
    values: list[str]
    note: str
    url: str


@dataclass(frozen=True)
class Figure:
    """`url_of`: where a day leads to; None: nowhere."""

    chart: Chart
    summary: str
    csv_url: str
    url_of: Callable[[date], str] | None = None

    @property
    def title(self) -> str:
        return titled(self.chart)

    @property
    def picture(self) -> SafeString:
        return draw(self.chart)

    @property
    def links(self) -> SafeString | None:
        if self.url_of is None or len(self.chart.days) > MAX_LINKED:
            return None
        return draw_links(self.chart, self.url_of)

    @property
    def key(self) -> list[tuple[str, str]]:
        """What the marks of the picture say: class and text, of those that it has."""
        chart = self.chart
        many = [(f"s{place}", str(each.name)) for place, each in enumerate(chart.series, 1)]
        marks = [
            ("estimated", _("estimated: no sample that day, the last one before"), chart.has_estimates),
            ("today", _("today, not over yet"), chart.today in chart.days),
            ("closed", _("closed month: never changes"), chart.closed_days > 0),
        ]
        return (many if len(many) > 1 else []) + [(name, text) for name, text, has in marks if has]

    @property
    def is_line(self) -> bool:
        return self.chart.shape is Shape.LINE

    @property
    def columns(self) -> list[str]:
        chart = self.chart
        names = [str(each.name) for each in chart.series] if len(chart.series) > 1 else [str(chart.unit)]
        return names + ([str(chart.exact_unit)] if chart.exact_unit else [])

    @property
    def rows(self) -> Iterator[Row]:
        """Days with a value, newest first."""
        for index in reversed(range(len(self.chart.days))):
            points = [each.points[index] for each in self.chart.series]
            if all(point.value is None for point in points):
                continue
            day = self.chart.days[index]
            values = [self.chart.shown(point.value) if point.value is not None else "–" for point in points]
            if self.chart.exact_unit:
                values += [number_format(point.value or 0, force_grouping=True) for point in points]
            is_estimated = any(point.is_estimated for point in points)
            yield Row(day, values, self.note(day, is_estimated), self.url_of(day) if self.url_of else "")

    def note(self, day: date, is_estimated: bool) -> str:
        notes = [
            (_("estimated"), is_estimated),
            (_("closed"), day < self.chart.closed_before),
            (_("so far"), day == self.chart.today),
        ]
        return ", ".join(note for note, has in notes if has)
