"""How a long run against a model is cut: into parts, for any number of processes, and by time.

NIGHTLY_SECONDS: after so many no further life is begun; what was run then is what is reported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from accounts.statements import execute, is_postgresql

SECONDS = float(os.environ.get("NIGHTLY_SECONDS") or "inf")
BEGUN = time.monotonic()
Part = tuple[int, int]  # its number and its size


def is_over() -> bool:
    return time.monotonic() - BEGUN >= SECONDS


def parts(wanted: int, size: int, share: str = "1/1") -> list[Part]:
    """Those of one share: "2/3" is what the second of three processes does."""
    place, of = map(int, share.split("/"))
    return [(number, min(size, wanted - first)) for number, first in enumerate(range(0, wanted, size))][place - 1 :: of]


def in_time(of: list[Part]) -> Iterator[Part]:
    for part in of:
        if is_over():
            return
        yield part
        vacuum()


def vacuum() -> None:
    """What lives have rolled back is read through by the next ones until it is swept away."""
    if is_postgresql():
        execute("VACUUM")
