"""A project's backend asked for its own counters: calls to the outside with plain values, fit for a thread.

No database here. The address was made by the provisioner and still is a stranger's: a backend runs
what its owner likes. So it is asked as strangers are, and what it says is believed to the letter or not at all.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeGuard
from urllib.parse import urlencode

import structlog

from accounts.stamps import stamp_of_seconds
from oauth_provider import safe_fetch
from usage.amounts import InvalidValue, read_amount
from usage.intervals import INTERVAL
from usage.literals import NotJSON, Repeated, parse
from usage.metrics import METRICS, SUMS, Amounts

log = structlog.get_logger("gatehouse.usage")
clock = time.monotonic

TIMEOUT_SECONDS = 3.0  # of one interval
ROUND_SECONDS = 3.0  # of one backend, before what was found is counted
MAX_BYTES = 4096
NAMES = frozenset(SUMS) - {"ec2_compute"}  # which has a collector of its own, and would count twice
GONE = 410  # the backend no longer knows that interval, or never did


@dataclass(frozen=True, slots=True)
class Found:
    """`counted`: of each interval, in their order, what was counted (nothing when it was skipped).

    `failure`: why it ended before the last interval; empty: it did not fail.
    """

    counted: Sequence[tuple[datetime, Amounts]]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Backend:
    """A backend that shall be asked for the intervals that begin at `starts`."""

    url: str
    key: str = field(repr=False)
    starts: Sequence[datetime]
    reach: safe_fetch.Reach

    def run(self) -> Found:
        """A failure is a value here, and ends it: the intervals are counted in their order."""
        counted: list[tuple[datetime, Amounts]] = []
        until = clock() + ROUND_SECONDS
        for start in self.starts:
            if counted and clock() >= until:
                break
            try:
                counted.append((start, self.ask(start)))
            except safe_fetch.Refused as refusal:
                return Found(counted, refusal.outcome)
            except Exception:
                log.exception("counters broke", url=self.url)
                return Found(counted, "collector_error")
        return Found(counted)

    def ask(self, start: datetime) -> Amounts:
        """What was counted in the interval. Raises Refused."""
        span = {"start": stamp_of_seconds(start), "end": stamp_of_seconds(start + INTERVAL)}
        answer = safe_fetch.fetch(
            "GET",
            f"{self.url}?{urlencode(span)}",
            headers={"Accept": "application/json", "Authorization": f"Bearer {self.key}"},
            timeout_seconds=TIMEOUT_SECONDS,
            max_bytes=MAX_BYTES,
            reach=self.reach,
        )
        if answer.status == GONE:
            return {}
        if answer.status != 200:
            is_good = answer.outcome is safe_fetch.Outcome.OK
            raise safe_fetch.Refused(safe_fetch.Outcome.BAD_STATUS if is_good else answer.outcome)
        try:
            return read(answer.body, span)
        except (UnicodeDecodeError, NotJSON, InvalidValue):
            raise safe_fetch.Refused(safe_fetch.Outcome.INVALID_ANSWER) from None


def read(body: bytes, span: dict[str, str]) -> Amounts:
    """The amounts that are more than nothing: zeros are no activity.

    Raises UnicodeDecodeError, NotJSON, InvalidValue.
    """
    said = parse(body.decode())
    if not is_object(said) or said.keys() != {"start", "end", "usage"}:
        raise InvalidValue("The answer is not start, end and usage.")
    if any(said[name] != at for name, at in span.items()):
        raise InvalidValue("The answer is about another interval.")
    usage = said["usage"]
    if not is_object(usage) or not usage.keys() <= NAMES:
        raise InvalidValue("A metric is not a backend's to count.")
    amounts = {name: read_amount(value, METRICS[name].places) for name, value in usage.items()}
    return {name: amount for name, amount in amounts.items() if amount}


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict) and not isinstance(value, Repeated)
