"""Runs the benchmarks, or those named, keeps what they found and writes docs/performance.md.

`make bench`, or `python -m bench.run provisioner-times`. A further benchmark is one entry of
`BENCHMARKS`. BENCH_POSTGRES: a server on which roles and databases may be made.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bench import machine, outbox, provisioner_times, report, usage
from bench.report import Result, Table
from bench.token import benchmark as token_path

SERVER = os.environ.get("BENCH_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


@dataclass(frozen=True, slots=True)
class Benchmark:
    title: str
    measure: Callable[[str], list[Table]]  # of a PostgreSQL server's address


BENCHMARKS = {
    "provisioner-times": Benchmark("A project's life on the postgres provisioner", provisioner_times.measure),
    "token-path": Benchmark("The token path beside its peers", token_path.measure),
    "usage": Benchmark("Metering", usage.measure),
    "outbox": Benchmark("The outbox of usage events", outbox.measure),
}


def main(names: list[str]) -> None:
    # As Ctrl+C: what was started is stopped, and databases made for it are dropped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    for name in names or BENCHMARKS:
        benchmark = BENCHMARKS[name]
        found = Result(
            title=benchmark.title,
            command=f"python -m bench.run {name}",
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            machine=machine.describe(),
            versions=machine.versions(SERVER),
            tables=benchmark.measure(SERVER),
        )
        if not os.environ.get("BENCH_SMOKE"):
            report.keep(name, found)
    if not os.environ.get("BENCH_SMOKE"):
        report.write()


if __name__ == "__main__":
    main(sys.argv[1:])
