"""How Gatehouse behaves over time: answers at 70 % of its rate, and memory over many requests."""

from __future__ import annotations

import os
import re
import statistics
from dataclasses import dataclass
from pathlib import Path

from bench.report import Table
from bench.token.load import Load
from bench.token.samples import Samples, median, milliseconds, p50, p99, rate
from bench.token.servers import Server
from bench.token.targets import figure, verdict
from bench.token.works import WORKS

SHARE = 0.7
MOST_TIMES = 5  # p99 of p50
PACED = ("confidential", "public", "refresh")
MIXED = ("refresh", "machine", "profile", "authorize")
MEGABYTES, GROWTH = 120, 1.05  # that a worker may have, and end with of what it began with
REQUESTS = int(os.environ.get("BENCH_REQUESTS") or (100_000 if os.environ.get("BENCH_FULL") else 20_000))


def paced(server: Server, samples: Samples, spec: Load, rounds: int) -> Table:
    """Requests sent at their times, whatever the server does: 70 % of what it reached at full speed."""
    rows = []
    for work in PACED:
        wanted = SHARE * median(samples[work, "gatehouse"], rate)
        steady = Load(spec.seconds, spec.warm_up_seconds, rate=wanted)
        found = [server.sample(work, steady) for _ in range(rounds)]
        ratios = [p99(each) / p50(each) for each in found]
        rows.append(
            [
                WORKS[work].title,
                f"{wanted:,.0f}",
                milliseconds(median(found, p50)),
                milliseconds(median(found, p99)),
                f"{figure(statistics.median(ratios))} ({figure(min(ratios))} to {figure(max(ratios))})",
                verdict(-statistics.median(ratios), None, -MOST_TIMES),
            ]
        )
    words = f"At {SHARE:.0%} of that rate, every request sent at its time; p99 is to be at most {MOST_TIMES} times p50."
    return Table(words, ["work", "requests/s", "p50 ms", "p99 ms", "p99 of p50", ""], rows)


def memory(server: Server, spec: Load) -> Table:
    """Of each worker, before and after `REQUESTS` more requests of several works in turn."""
    for work in MIXED:
        server.sample(work, spec)
    workers, count = server.workers(), 0
    before = sizes(workers)
    while count < REQUESTS:
        for work in MIXED:
            count += len(server.sample(work, spec).times)
    after = sizes(workers)
    rows = [
        [
            f"worker {number}",
            *(f"{size / 2**20:.0f}" for size in (early.resident, late.resident, late.proportional)),
            verdict(-late.proportional, None, -MEGABYTES * 2**20),
            verdict(-late.resident / early.resident, None, -GROWTH),
        ]
        for number, (early, late) in enumerate(zip(before, after, strict=True), 1)
    ]
    words = (
        f"MiB of each worker over {count:,} requests, after a warm-up: resident, and of that its own with its share of "
        f"what the workers hold in common, which is what a further worker costs: at most {MEGABYTES}. At the end at "
        f"most {GROWTH - 1:.0%} more than before."
    )
    columns = ["process", "resident before", "after", "own and its share", f"at most {MEGABYTES}", "flat"]
    return Table(words, columns, rows)


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes."""

    resident: int
    proportional: int


def sizes(workers: list[int]) -> list[Size]:
    return [size(Path(f"/proc/{pid}/smaps_rollup").read_text()) for pid in workers]


def size(rollup: str) -> Size:
    kilobytes = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB", rollup, re.MULTILINE))
    return Size(*(int(kilobytes[name]) * 1024 for name in ("Rss", "Pss")))
