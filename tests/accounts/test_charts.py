"""What a chart draws: every value at its height, every gap a gap (pages.md, "Charts")."""

import re
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from accounts import axes
from accounts.charts import Chart, Point, Series, Shape, draw, draw_links
from accounts.figures import Figure

TODAY = date(2026, 2, 10)
SVG = re.compile(r"style=|<script|<style|on\w+=|http")


def chart(*series, shape=Shape.BARS, **changes):
    """Of the days up to today; a value is a number, None, or a Point."""
    points = [[value if isinstance(value, Point) else Point(value) for value in values] for values in series]
    days = [TODAY - timedelta(days=number) for number in reversed(range(len(points[0])))]
    named = [Series(f"Series {number}", values) for number, values in enumerate(points, 1)]
    return Chart(**{"name": "calls", "title": "Calls", "unit": "calls", "shape": shape, "days": days, "today": TODAY}
                 | {"series": named} | changes)  # fmt: skip


def parts(picture, tag, class_):
    """The elements of a well-formed picture that have a class."""
    assert not SVG.search(picture)
    found = ElementTree.fromstring(picture).iter(tag)
    return [each for each in found if class_ in each.get("class", "").split()]


def heights(picture):
    return [each.get("height") for each in parts(picture, "rect", "bar")]


class TestTicks:
    @pytest.mark.parametrize(
        ("highest", "places", "shown"),
        [
            ("0", 0, ["0", "1"]),
            ("1", 0, ["0", "1"]),
            ("3", 0, ["0", "1", "2", "3"]),
            ("7", 0, ["0", "2", "4", "6", "8"]),
            ("1234", 0, ["0", "500", "1,000", "1,500"]),
            ("50000", 0, ["0", "10k", "20k", "30k", "40k", "50k"]),
            ("2500001", 0, ["0", "1M", "2M", "3M"]),
            ("0.3", 6, ["0", "0.1", "0.2", "0.3"]),
            ("0.0000014", 6, ["0", "0.000001", "0.000002"]),
            (str(2**62), 0, ["0", "1E", "2E", "3E", "4E", "5E"]),
            (str(2**62 * 10_000), 0, ["0", "10,000E", "20,000E", "30,000E", "40,000E", "50,000E"]),
        ],
    )
    def test_they_are_round_start_at_zero_and_are_six_at_most(self, highest, places, shown):
        assert [axes.short(tick) for tick in axes.ticks(Decimal(highest), places)] == shown

    def test_none_is_too_low_for_any_number(self):
        for number in [*range(1, 3000), *(10**power - 1 for power in range(1, 25)), *(3**power for power in range(50))]:
            ticks = axes.ticks(Decimal(number))
            assert (len(ticks) <= 6, ticks[0], ticks[-1] >= number, ticks[-2] < number) == (True, 0, True, True)

    def test_days_are_named_at_both_ends_and_between(self):
        assert axes.labelled(7) == [0, 2, 4, 6]
        assert axes.labelled(366) == [0, 122, 243, 365]
        assert axes.labelled(1) == [0]


class TestBars:
    def test_a_bar_is_as_high_as_its_value(self):
        picture = draw(chart([5, 10, 4, 1]))
        assert heights(picture) == ["50.00%", "100.00%", "40.00%", "10.00%"]
        assert [each.get("y") for each in parts(picture, "rect", "bar")] == ["50.00%", "0.00%", "60.00%", "90.00%"]
        assert [each.get("x") for each in parts(picture, "rect", "bar")] == ["3.75%", "28.75%", "53.75%", "78.75%"]

    def test_the_height_of_a_huge_value_is_exact(self):
        assert heights(draw(chart([2**62, 2**61], per_unit=2**62))) == ["100.00%", "50.00%"]

    def test_zero_is_a_line_on_the_ground_and_a_gap_is_nothing(self):
        picture = draw(chart([1, 0, None, 1]))
        assert len(parts(picture, "rect", "bar")) == 2
        assert [each.get("x") for each in parts(picture, "rect", "zero")] == ["28.75%"]

    def test_today_alone_is_marked_as_today(self):
        assert [each.get("class") for each in parts(draw(chart([1, 2])), "rect", "bar")] == ["bar s1", "bar s1 today"]

    def test_several_series_stand_on_each_other(self):
        picture = draw(chart([1, 2], [3, None]))
        bars = [(each.get("class"), each.get("y"), each.get("height")) for each in parts(picture, "rect", "bar")]
        assert bars == [
            ("bar s1", "75.00%", "25.00%"),
            ("bar s2", "0.00%", "75.00%"),
            ("bar s1 today", "50.00%", "50.00%"),
        ]

    def test_closed_months_have_a_ground_of_their_own(self):
        picture = draw(chart([1, 1, 1, 1], closed_before=TODAY - timedelta(days=1)))
        assert [each.get("width") for each in parts(picture, "rect", "closed")] == ["50.00%"]
        assert "closed" in parts(picture, "text", "closed-name")[0].text
        assert parts(draw(chart([1, 1])), "rect", "closed") == []


class TestLines:
    def test_each_point_is_at_its_day_and_height_and_the_step_to_today_is_its_own(self):
        picture = draw(chart([1, 2, 4, 3], shape=Shape.LINE))
        lines = [(each.get("class"), each.get("points")) for each in parts(picture, "polyline", "line")]
        assert lines == [
            ("line s1", "12.50,75.00 37.50,50.00 62.50,0.00"),
            ("line s1 today", "62.50,0.00 87.50,25.00"),
        ]

    def test_a_gap_parts_the_line(self):
        picture = draw(chart([1, 1, None, 1, 1, 1], shape=Shape.LINE))
        assert [each.get("points").count(",") for each in parts(picture, "polyline", "line")] == [2, 2, 2]

    def test_an_estimate_is_hollow(self):
        dots = parts(draw(chart([1, Point(1, is_estimated=True), 1], shape=Shape.LINE)), "circle", "dot")
        assert [each.get("class") for each in dots] == ["dot s1", "dot s1 estimated", "dot s1 today"]

    def test_of_many_days_only_what_no_line_shows_has_a_dot(self):
        values = [1] * 40 + [None, 5, None, Point(1, is_estimated=True), 1, 1]
        dots = parts(draw(chart(values, shape=Shape.LINE)), "circle", "dot")
        assert [each.get("class") for each in dots] == ["dot s1", "dot s1 estimated", "dot s1 today"]

    def test_series_differ_by_class(self):
        lines = parts(draw(chart([1, 2, 3], [2, 3, 4], shape=Shape.LINE)), "polyline", "line")
        assert [each.get("class") for each in lines] == ["line s1", "line s1 today", "line s2", "line s2 today"]


class TestAround:
    def test_the_picture_is_one_image_with_a_name_and_a_summary(self):
        picture = ElementTree.fromstring(draw(chart([1, 2], title="<Calls> & more")))
        assert (picture.get("role"), picture.get("aria-labelledby"), picture.get("aria-describedby")) == (
            "img",
            "calls-title",
            "calls-summary",
        )
        assert picture.find("title").text == "<Calls> & more (calls)"

    def test_the_table_has_each_day_with_a_value_the_newest_first(self):
        figure = Figure(
            chart([1500, None, Point(2, is_estimated=True)], closed_before=TODAY - timedelta(days=1)), "", "?csv"
        )
        assert [(str(row.day), row.values, row.note) for row in figure.rows] == [
            ("2026-02-10", ["2"], "estimated, so far"),
            ("2026-02-08", ["1,500"], "closed"),
        ]

    def test_bytes_are_told_in_gib_and_exactly(self):
        figure = Figure(chart([3 * 2**29], unit="GiB", per_unit=2**30, places=6, exact_unit="bytes"), "", "?csv")
        assert [row.values for row in figure.rows] == [["1.5", "1,610,612,736"]]
        assert figure.columns == ["GiB", "bytes"]

    def test_a_day_leads_to_what_is_behind_it(self):
        links = draw_links(chart([1, None]), lambda day: f"/a?d={day}&b")
        assert [each.get("href") for each in ElementTree.fromstring(links).iter("a")] == ["/a?d=2026-02-09&b"]
        assert 'aria-hidden="true"' in links

    @pytest.mark.parametrize(("values", "is_empty", "is_zero"), [([None], True, False), ([0, None], False, True)])
    def test_nothing_and_zero_are_two_things(self, values, is_empty, is_zero):
        assert (chart(values).is_empty, chart(values).is_zero) == (is_empty, is_zero)
