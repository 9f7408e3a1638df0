"""Charts of days as inline SVG: lines and bars, and nothing that needs a script or a style attribute.

Every chart of every app is drawn here: a `Chart` is plain values, `draw` makes the picture, the
template `charts/figure.html` puts title, summary, key, table and CSV around it. Places are
percentages, so text and strokes keep their size at any width; colours and dashes are classes of
`static/charts.css`. Source: pages.md, "Charts"; docs/decisions/0090.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts import axes

Text = str | Promise
MAX_MARKED = 31  # days with a dot for each sample: more would hide the line


class Shape(StrEnum):
    LINE = "line"  # levels: each series a line
    BARS = "bars"  # amounts of a day: the series stand on each other


@dataclass(frozen=True, slots=True)
class Point:
    """`value` in whole smallest units; None: there was nothing that could have one, and the chart has a gap."""

    value: int | None
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    name: Text
    points: Sequence[Point]  # one for each day of the chart


@dataclass(frozen=True)
class Chart:
    """`name` is unique on its page. `per_unit`: how many of the smallest units make one `unit`."""

    name: str
    title: Text
    unit: Text
    shape: Shape
    days: Sequence[date]
    series: Sequence[Series]
    today: date
    closed_before: date = date.min
    per_unit: int = 1
    places: int = 0  # decimal places that a value is shown with, at most
    exact_unit: Text = ""  # the smallest unit, where the places may not be enough

    @cached_property
    def is_empty(self) -> bool:
        return all(point.value is None for each in self.series for point in each.points)

    @cached_property
    def is_zero(self) -> bool:
        """There is something, and nothing of it was used."""
        return not self.is_empty and self.highest == 0

    @cached_property
    def closed_days(self) -> int:
        """How many of the days, from the first on, lie in closed months."""
        return sum(day < self.closed_before for day in self.days)

    @cached_property
    def has_estimates(self) -> bool:
        return any(point.is_estimated for each in self.series for point in each.points)

    @cached_property
    def ticks(self) -> list[Decimal]:
        return axes.ticks(Decimal(self.highest) / self.per_unit, self.places)

    @cached_property
    def highest(self) -> int:
        heights = zip(*([point.value or 0 for point in each.points] for each in self.series), strict=True)
        join = max if self.shape is Shape.LINE else sum
        return max((join(day) for day in heights), default=0)

    def is_today(self, index: int) -> bool:
        return self.days[index] == self.today

    def x(self, index: float) -> float:
        """The middle of a day, in percent of the width."""
        return (index + 0.5) * 100 / len(self.days)

    def y(self, value: int) -> float:
        """From above, in percent of the height."""
        return float(100 - Decimal(value) * 100 / (self.ticks[-1] * self.per_unit))

    def shown(self, value: int) -> str:
        """For people: in the unit, with at most `places` places."""
        return number(Decimal(value) / self.per_unit, self.places)


def number(value: Decimal, places: int) -> str:
    return number_format(axes.plain(round(value, places)), use_l10n=True, force_grouping=True)


def draw(chart: Chart) -> SafeString:
    """The picture: `role="img"`, named by its title, told in full by the summary and the table beside it."""
    return format_html(
        '<svg class="chart" role="img" aria-labelledby="{name}-title" aria-describedby="{name}-summary">'
        '<title id="{name}-title">{title}</title>{closed}{grid}{series}{days}</svg>',
        name=chart.name,
        title=titled(chart),
        closed=draw_closed(chart),
        grid=join(draw_tick(chart, tick) for tick in chart.ticks),
        series=draw_lines(chart) if chart.shape is Shape.LINE else join(draw_bars(chart)),
        days=join(draw_day(chart, index) for index in axes.labelled(len(chart.days))),
    )


def titled(chart: Chart) -> str:
    return f"{chart.title} ({chart.unit})"


def join(parts: Iterator[SafeString]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 each part is escaped already


def percent(place: float) -> str:
    return f"{place:.2f}%"


def draw_closed(chart: Chart) -> SafeString:
    """The days of closed months on a ground of their own, up to a line."""
    if not chart.closed_days:
        return mark_safe("")
    until = percent(chart.closed_days * 100 / len(chart.days))
    return format_html(
        '<rect class="closed" width="{until}" height="100%"/>'
        '<line class="closed-end" x1="{until}" x2="{until}" y1="0" y2="100%"/>'
        '<text class="closed-name" y="0" dy="-0.4em">{name}</text>',
        until=until,
        name=_("closed"),
    )


def draw_tick(chart: Chart, tick: Decimal) -> SafeString:
    y = percent(float(100 - tick * 100 / chart.ticks[-1]))
    return format_html(
        '<line class="grid" x2="100%" y1="{0}" y2="{0}"/><text class="tick" x="-8" y="{0}" dy="0.35em">{1}</text>',
        y,
        axes.short(tick),
    )


def draw_day(chart: Chart, index: int) -> SafeString:
    last = len(chart.days) - 1
    place = {0: "first", last: "last"}.get(index, "between") if last else "between"
    day = chart.days[index]
    return format_html(
        '<text class="day {}" x="{}" y="100%" dy="1.5em">{}</text>',
        place,
        percent(chart.x(index)),
        date_format(day, pgettext("date format", "M Y") if last > 92 else pgettext("date format", "j M")),
    )


def draw_bars(chart: Chart) -> Iterator[SafeString]:
    """A bar for each value; a zero is a line on the ground, where a gap is nothing."""
    width = 100 / len(chart.days) * (0.7 if len(chart.days) <= 92 else 1)
    for index in range(len(chart.days)):
        below = 0
        for number_, each in enumerate(chart.series, 1):
            value = each.points[index].value
            if value is None:
                continue
            top, bottom = chart.y(below + value), chart.y(below)
            yield format_html(
                '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
                classes("bar" if value else "zero", number_, chart, index, each.points[index]),
                percent(chart.x(index) - width / 2),
                percent(top),
                percent(width),
                percent(bottom - top),
            )
            below += value


def classes(what: str, series: int, chart: Chart, index: int, point: Point) -> str:
    marks = {" estimated": point.is_estimated, " today": chart.is_today(index)}
    return f"{what} s{series}" + "".join(mark for mark, has in marks.items() if has)


def draw_lines(chart: Chart) -> SafeString:
    """Lines in a picture of their own, stretched to the size: their strokes are not."""
    lines = join(line for number_, each in enumerate(chart.series, 1) for line in draw_line(chart, number_, each))
    dots = join(dot for number_, each in enumerate(chart.series, 1) for dot in draw_dots(chart, number_, each))
    return format_html(
        '<svg class="lines" viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%">{}</svg>{}',
        lines,
        dots,
    )


def draw_line(chart: Chart, number_: int, series: Series) -> Iterator[SafeString]:
    """A line for each run of days with a value; the step to today is one of its own, since today is not over."""
    for run in runs(series.points):
        before = [index for index in run if not chart.is_today(index)]
        if len(before) > 1:
            yield polyline(chart, f"line s{number_}", before, series)
        if run != before and before:
            yield polyline(chart, f"line s{number_} today", [before[-1], run[-1]], series)


def runs(points: Sequence[Point]) -> Iterator[list[int]]:
    """The indexes of `points` that have a value, parted by gaps."""
    run: list[int] = []
    for index, point in enumerate(points):
        if point.value is not None:
            run.append(index)
        elif run:
            yield run
            run = []
    if run:
        yield run


def polyline(chart: Chart, class_: str, run: Sequence[int], series: Series) -> SafeString:
    values = [(index, series.points[index].value or 0) for index in run]
    places = " ".join(f"{chart.x(index):.2f},{chart.y(value):.2f}" for index, value in values)
    return format_html('<polyline class="{}" points="{}"/>', class_, places)


def draw_dots(chart: Chart, number_: int, series: Series) -> Iterator[SafeString]:
    """A dot for each sample, hollow if it is estimated; of many days only for what no line shows."""
    alone = {run[0] for run in runs(series.points) if len(run) == 1}
    for index, point in enumerate(series.points):
        shows = len(chart.days) <= MAX_MARKED or point.is_estimated or index in alone or chart.is_today(index)
        if point.value is None or not shows:
            continue
        yield format_html(
            '<circle class="{}" cx="{}" cy="{}" r="{}"/>',
            classes("dot", number_, chart, index, point),
            percent(chart.x(index)),
            percent(chart.y(point.value)),
            "3.5" if len(chart.days) <= MAX_MARKED else "2",
        )


def draw_links(chart: Chart, href: Callable[[date], str]) -> SafeString:
    """Over the picture, for pointers: each day's column leads to `href`. By keyboard the table has the same links."""
    width = percent(100 / len(chart.days))
    columns = (
        (href(day), percent(index * 100 / len(chart.days)), width, told(chart, index))
        for index, day in enumerate(chart.days)
        if any(each.points[index].value is not None for each in chart.series)
    )
    return format_html(
        '<svg class="chart links" aria-hidden="true">{}</svg>',
        format_html_join(
            "", '<a href="{0}" tabindex="-1"><title>{3}</title><rect x="{1}" width="{2}" height="100%"/></a>', columns
        ),
    )


def told(chart: Chart, index: int) -> str:
    """A day's values in words."""
    values = [each.points[index].value for each in chart.series]
    return f"{chart.days[index]}: " + ", ".join(chart.shown(value) for value in values if value is not None)
