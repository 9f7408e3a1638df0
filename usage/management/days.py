"""What the commands over days of usage share: the days, and how differences are told."""

import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from usage.chosen_store import store
from usage.rollup import Span, with_events
from usage.store import Difference


def a_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not a day such as 2026-01-31") from None


def add_days(parser: CommandParser) -> None:
    parser.add_argument("--from", dest="first", type=a_day, help="first day, UTC (default: yesterday)")
    parser.add_argument("--to", dest="last", type=a_day, help="last day (default: as the first, or yesterday)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


@dataclass(frozen=True, slots=True)
class Days:
    span: Span
    asked: Span
    first_open_day: date

    @classmethod
    def read(cls, options: dict[str, Any]) -> "Days":
        """The days that `options` name. Ends the command with 2 if they are the wrong way round."""
        yesterday = timezone.now().date() - timedelta(days=1)
        first = options["first"] or yesterday
        last = options["last"] or max(first, yesterday)
        if first > last:
            sys.stderr.write("--from is after --to\n")
            sys.exit(2)
        return cls(with_events(first, last), Span(first, last), store.first_open_day())

    def skipped(self) -> int:
        return len(self.asked) - len(self.span)


def as_json(days: Days, found: Sequence[Difference], *, repaired: bool, **more: object) -> str:
    rows = [
        {
            "project": str(each.project),
            "day": each.on.isoformat(),
            "metric": each.metric,
            "stored": each.stored,
            "from_events": each.from_events,
            "repaired": repaired and each.on >= days.first_open_day,
        }
        for each in found
    ]
    told = {"days": len(days.span), "days_without_events": days.skipped(), "differences": rows, **more}
    return json.dumps(told)


def as_lines(days: Days, found: Sequence[Difference], *, summary: str) -> str:
    lines = [f"{each.on} {each.project} {each.metric}: {each.stored}, from events {each.from_events}" for each in found]
    skipped = f", {days.skipped()} days have lost their events" if days.skipped() else ""
    return "\n".join([*lines, f"{len(days.span)} days compared{skipped}: {summary}"])
