"""The targets of the token path, and whether they are reached."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from bench.report import Table
from bench.token.samples import Sample, Samples, cpu, rate
from bench.token.works import WORKS

COLUMNS = ["target", "measured", "min to max", "floor", "aim", ""]


@dataclass(frozen=True, slots=True)
class Target:
    """`ratio` of one round; higher is better. `floor` None: there is only the aim."""

    words: str
    work: str
    other: tuple[str, str]  # work and server that it is held against
    ratio: Callable[[Sample, Sample], float]
    floor: float | None
    aim: float


def times_the_rate(ours: Sample, theirs: Sample) -> float:
    return rate(ours) / rate(theirs)


def times_less_cpu(ours: Sample, theirs: Sample) -> float:
    return cpu(theirs) / cpu(ours)


# By work: against stock, against stock with its secret unhashed and hardened (rate, then CPU); floor and aim each.
AGAINST_THE_TOOLKIT = {
    "confidential": ((80, 100), (4, 5), (5, 7)),
    "public": ((3.5, 4.5), (4, 5), (5, 7)),
    "refresh": ((4, 6), (4, 6), (6, 8)),
    "machine": ((60, 100), (2, 3), (2, 3)),
    "profile": ((2, 3), (2, 3.5), (3, 5)),
    "authorize": ((2, 3), (2, 3), (2, 3)),
}
YARDSTICKS = (
    ("rate, times stock", "stock", times_the_rate),
    ("rate, times stock unhashed and hardened", "stock-unhashed", times_the_rate),
    ("CPU, times less than stock unhashed and hardened", "stock-unhashed", times_less_cpu),
)
TARGETS = (
    *(
        Target(f"{WORKS[work].title}: {words}", work, (work, server), ratio, *numbers)
        for work, by_yardstick in AGAINST_THE_TOOLKIT.items()
        for (words, server, ratio), numbers in zip(YARDSTICKS, by_yardstick, strict=True)
    ),
    *(
        Target(
            f"{WORKS[work].title}: CPU, times less than oidc-provider",
            work,
            (work, "oidc-provider"),
            times_less_cpu,
            None,
            1,
        )
        for work in ("confidential", "public", "refresh")
    ),
    Target(
        "Partnership metadata: CPU, times less than the profile's",
        "metadata",
        ("profile", "gatehouse"),
        times_less_cpu,
        1 / 1.5,
        1 / 1.5,
    ),
)


def table(samples: Samples) -> Table:
    """Every target whose two sides were measured; the ratio of each round, and of these the median."""
    rows = []
    for target in TARGETS:
        ours, theirs = samples.get((target.work, "gatehouse")), samples.get(target.other)
        if ours and theirs:
            ratios = [target.ratio(mine, other) for mine, other in zip(ours, theirs, strict=True)]
            rows.append(row(target, ratios))
    return Table("Targets: each ratio is of one round, then the median of the rounds.", COLUMNS, rows)


def row(target: Target, ratios: list[float]) -> list[str]:
    found = statistics.median(ratios)
    return [
        target.words,
        figure(found),
        f"{figure(min(ratios))} to {figure(max(ratios))}",
        "" if target.floor is None else figure(target.floor),
        figure(target.aim),
        verdict(found, target.floor, target.aim),
    ]


def verdict(found: float, floor: float | None, aim: float) -> str:
    if found >= aim:
        return "reached"
    return "floor reached" if floor is not None and found >= floor else "not reached"


def figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 20 else f"{number:.2f}"
