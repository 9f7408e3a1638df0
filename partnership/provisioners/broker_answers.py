"""What a service broker's answer means: the specification's tables, and no trust beyond them.

Source: openservicebrokerapi/servicebroker, spec.md at v2.17, "Service Broker Errors" and
"Orphan Mitigation".
"""

import json
import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from oauth_provider import safe_fetch
from partnership.provisioners.base import Busy, DriverError, Pending, State

POLL_SECONDS = 1.0
MAX_POLLING_SECONDS = 7 * 86_400
clock = time.time
MAX_HOST_CHARACTERS = 300
MAX_OPERATION_CHARACTERS = 10_000
WEB_ADDRESS = re.compile(r"https?://[!-~]+")


class Offer(NamedTuple):
    """A plan as the broker names it."""

    ids: dict[str, str]
    is_bindable: bool
    is_retrievable: bool  # a binding can be fetched, so it may be made asynchronously
    max_polling_seconds: int  # 0: the broker names none, our own deadline holds


class Orphaned(DriverError):
    """No answer, or one that proves nothing: the request may have been done or not."""

    def __init__(self, reason: str) -> None:
        message = "The service broker did not answer as it must."
        super().__init__("broker_unavailable", message, is_retryable=True, detail=reason)
        self.reason = reason


class Failed(DriverError):
    """The broker says that it did not get there."""

    def __init__(self, detail: str) -> None:
        message = "The service broker could not do it."
        super().__init__("broker_failed", message, is_retryable=True, detail=detail)


def refused(answer: safe_fetch.Answer) -> DriverError:
    """The specification's table: which statuses are final, which come again, which leave orphans."""
    code = str(lenient_body(answer).get("error", ""))
    if answer.status == 429 or (answer.status == 422 and code == "ConcurrencyError"):
        return Busy("The service broker asks to wait.")
    if answer.status == 408 or answer.status >= 500 or 200 <= answer.status < 300:
        return Orphaned(f"status {answer.status}")
    message = "The service broker refused the request."
    return DriverError("broker_refused", message, is_retryable=False, detail=f"status {answer.status} {code}")


def polling(answer: safe_fetch.Answer, offer: Offer, *, phase: str = "poll") -> Pending:
    """The state to poll with, and until when the plan wants to be polled.

    Raises Orphaned for an operation that no column or query can hold.
    """
    operation = answer_body(answer).get("operation") or ""
    if not isinstance(operation, str) or len(operation) > MAX_OPERATION_CHARACTERS or not operation.isprintable():
        raise Orphaned("malformed operation")
    limit = offer.max_polling_seconds
    until = {"until": f"{clock() + limit:.0f}"} if limit else {}
    return Pending({"phase": phase, "operation": operation, **until}, retry_after(answer))


def check_patience(state: State) -> None:
    """Raises Failed past the plan's `maximum_polling_duration`: the operation counts as failed then."""
    if "until" in state and clock() > float(state["until"]):
        raise Failed("polled for longer than the plan's maximum_polling_duration")


def host_of(found: Mapping[str, object]) -> str:
    """The broker's `dashboard_url` if it is a plain web address that fits its column, else none."""
    url = found.get("dashboard_url")
    is_plain = isinstance(url, str) and WEB_ADDRESS.fullmatch(url) and len(url) <= MAX_HOST_CHARACTERS
    return str(url) if is_plain else ""


def credentials_of(answer: safe_fetch.Answer) -> dict[str, object]:
    found = answer_body(answer).get("credentials")
    return found if isinstance(found, dict) else {}


def retry_after(answer: safe_fetch.Answer) -> float:
    given = answer.headers.get("retry-after", "")
    return min(max(float(given), 0.2), 60.0) if given.isdecimal() else POLL_SECONDS


def answer_body(answer: safe_fetch.Answer) -> dict[str, object]:
    """Raises Orphaned for what is no JSON object: a success that does not prove itself."""
    try:
        found = json.loads(answer.body or b"{}")
    except (ValueError, RecursionError):
        raise Orphaned("malformed answer") from None
    if not isinstance(found, dict):
        raise Orphaned("malformed answer")
    return found


def lenient_body(answer: safe_fetch.Answer) -> dict[str, object]:
    try:
        return answer_body(answer)
    except Orphaned:
        return {}


def find_offer(answer: safe_fetch.Answer, service: object, plan: str, *, any_plan: bool) -> Offer:
    """What the catalog says of `plan`. Raises DriverError if it is not offered."""
    for each in rows(answer_body(answer).get("services")):
        if each.get("name") == service:
            plans = rows(each.get("plans"))
            wanted = [row for row in plans if row.get("name") == plan]
            for row in wanted or (plans if any_plan else []):
                ids = {"service_id": str(each.get("id")), "plan_id": str(row.get("id"))}
                most = row.get("maximum_polling_duration")
                return Offer(
                    ids,
                    is_bindable=row.get("bindable", each.get("bindable", True)) is not False,
                    is_retrievable=each.get("bindings_retrievable") is True,
                    max_polling_seconds=most if isinstance(most, int) and 0 < most < MAX_POLLING_SECONDS else 0,
                )
    message = "The service broker does not offer this instance type."
    raise DriverError("plan_not_offered", message, is_retryable=False)


def rows(found: object) -> list[dict[str, object]]:
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
