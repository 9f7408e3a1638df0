"""Judges a fault, writes its figures down, and refuses what may not be."""

from __future__ import annotations

from collections.abc import Collection

from tests.faults import figures
from tests.faults.house import House
from tests.faults.judge import is_whole, judge
from tests.faults.load import Cast


def check(
    house: House, name: str, *casts: Cast, allowed: Collection[str] = (), least: int = 20, **more: object
) -> None:
    """`allowed`: how calls may have failed while it went on; `least`: of so many calls, or it shows nothing."""
    found = judge(house, *(cast.wire.book for cast in casts))
    figures.note(name, found, **more)
    assert is_whole(found), found
    assert found["failed"].keys() <= set(allowed), found
    assert found["requests"] >= least, found
