"""How far a long command has come: a bar on a terminal, else a line every ten seconds, on standard error."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")
LINE_EVERY_SECONDS = 10


def shown(items: Iterable[T], *, total: int, noun: str) -> Iterator[T]:
    """`items`, while standard error tells of them: count, rate and what is left."""
    if not sys.stderr.isatty():
        yield from with_lines(items, total, noun)
        return
    columns = (TextColumn(noun), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(items, total=total)


def with_lines(items: Iterable[T], total: int, noun: str) -> Iterator[T]:
    began = told = time.monotonic()
    for count, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - told >= LINE_EVERY_SECONDS:
            told = now
            rate = count / (now - began)
            left = (total - count) / rate
            sys.stderr.write(f"{count} of {total} {noun}, {rate:.1f} a second, about {left:.0f} s left\n")
