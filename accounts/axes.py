"""The axes of charts: round numbers from 0 upwards, and the days below (pages.md, "Charts")."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from itertools import count

from django.utils.formats import number_format

MAX_STEPS = 5  # and 0: six ticks
MANTISSAS = (Decimal(1), Decimal(2), Decimal(5))
SUFFIXES = ("", "k", "M", "G", "T", "P", "E")


def ticks(highest: Decimal, places: int = 0) -> list[Decimal]:
    """0 and the multiples of a round step (1, 2 or 5 with zeros), at most six; the last is not below `highest`.

    No step is smaller than the last of `places` decimal places: counts have no ticks between whole numbers.
    """
    least = Decimal(1).scaleb(-places)
    step = next(step for step in steps(highest) if step * MAX_STEPS >= highest and step >= least)
    needed = int((highest / step).to_integral_value(ROUND_CEILING))
    return [step * number for number in range(max(needed, 1) + 1)]


def steps(highest: Decimal) -> Iterator[Decimal]:
    """Round numbers, growing, from below a fifth of `highest`."""
    smallest = (highest / MAX_STEPS).adjusted() if highest else 0
    for power in count(smallest):
        for mantissa in MANTISSAS:
            yield mantissa.scaleb(power)


def short(value: Decimal) -> str:
    """A tick's number: 0.5, 9,000, 20k, 1.5M, with the marks of the active language."""
    if value < 10_000:
        return number_format(plain(value), use_l10n=True, force_grouping=True)
    power = min(value.adjusted() // 3, len(SUFFIXES) - 1)
    return number_format(plain(value.scaleb(-3 * power)), use_l10n=True, force_grouping=True) + SUFFIXES[power]


def plain(value: Decimal) -> Decimal:
    """Without zeros behind the point, nor an exponent."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def labelled(days: int, *, most: int = 4) -> list[int]:
    """Which of `days` days, by index, have their date below: the first, the last, and some evenly between."""
    if days <= most:
        return list(range(days))
    return [round(number * (days - 1) / (most - 1)) for number in range(most)]
