"""How far a long command is: a bar with count, rate and time left on a terminal, else a line per 10 s."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TextIO, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

T = TypeVar("T")
LINE_EVERY_SECONDS = 10.0


class Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:.0f}/s")


class Progress:
    """Counts `what` up to `total` on `out`; says nothing where it is over before it would matter."""

    def __init__(self, what: str, total: int, out: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.what, self.total, self.out, self.clock = what, total, out, clock
        self.count, self.started = 0, clock()
        self.told_at = self.started
        console = Console(file=out)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
        self.bar = Bar(*columns, console=console, transient=True) if console.is_terminal else None
        self.task = self.bar.add_task(what, total=total) if self.bar else None

    def __enter__(self) -> "Progress":
        if self.bar:
            self.bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.bar:
            self.bar.stop()

    def step(self) -> None:
        self.count += 1
        if self.bar and self.task is not None:
            self.bar.advance(self.task)
        elif self.clock() - self.told_at >= LINE_EVERY_SECONDS:
            self.tell()

    def tell(self) -> None:
        self.told_at = self.clock()
        rate = self.count / max(self.told_at - self.started, 0.001)
        left = (self.total - self.count) / rate
        self.out.write(f"{self.what}: {self.count} of {self.total}, {rate:.0f}/s, {left:.0f} s left\n")


def shown(what: str, items: Sequence[T]) -> Iterator[T]:
    """`items`, one after the other, while standard error tells how far it is."""
    with Progress(what, len(items), sys.stderr) as progress:
        for item in items:
            yield item
            progress.step()
