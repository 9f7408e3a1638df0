"""What is measured of one work on one server, and what is said of several such measurements."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. `times` are seconds, ascending, none where nobody took them; CPU in seconds a request."""

    rate: float  # requests a second
    times: list[float]
    server_cpu: float
    postgres_cpu: float

    @property
    def cpu(self) -> float:
        return self.server_cpu + self.postgres_cpu

    def percentile(self, part: float) -> float:
        return self.times[min(len(self.times) - 1, int(len(self.times) * part))]


Samples = dict[tuple[str, str], list[Sample]]  # by work and server, one a round


def median(found: list[Sample], value: Callable[[Sample], float]) -> float:
    return statistics.median(map(value, found))


def rate(sample: Sample) -> float:
    return sample.rate


def cpu(sample: Sample) -> float:
    return sample.cpu


def p50(sample: Sample) -> float:
    return sample.percentile(0.5)


def p99(sample: Sample) -> float:
    return sample.percentile(0.99)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"
