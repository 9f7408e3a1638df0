"""One CloudEvent (1.0, JSON format) to what the store counts, or why it is none.

Source: usage.md, "Metering in"; CloudEvents 1.0.2 and its JSON format. Runs once an event:
100,000 a second and core, so plain checks and no serializer.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from usage.amounts import InvalidValue, read_amount
from usage.metrics import METRICS, Amounts
from usage.store import Recorded, UsageEvent, Voided

MAX_NAME_LETTERS = 255
OUR_SOURCES = "/gatehouse/"  # of collectors: whoever sent their next ids beforehand would be billed for that instead
PLACES = {name: metric.places for name, metric in METRICS.items()}
# CloudEvents, "Type System": no control characters, noncharacters or lone surrogates. NUL is one
# that PostgreSQL can't store, surrogates have no UTF-8.
PLANE_ENDS = "".join(chr(plane * 0x10000 + end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
FORBIDDEN = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{PLANE_ENDS}]")
# RFC 3339, which is narrower than `fromisoformat`; the latter refuses days and leap seconds.
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
UUID_LETTERS = 36
# The codes of what is refused here, with what they have in common: each goes out with a sentence of its own.
NO_EVENT = {
    "invalid_event": "It is no event: an attribute is missing, malformed or not allowed.",
    "invalid_value": "An amount is not a number as the metric takes it.",
    "unknown_metric": "data names a metric that is unknown here.",
}


class Refused(Exception):
    """Why an event does not count: a code of the contract, and a sentence that repeats nothing of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def read_event(raw: object) -> UsageEvent:
    """`raw` (of `usage.literals.parse`) as an event. Raises Refused."""
    if type(raw) is not dict:
        raise invalid("An event is not a JSON object, or has a key twice.")
    if type(raw.get("specversion")) is not str or raw["specversion"] != "1.0":  # the number 1.0 is no version
        raise invalid("specversion has to be the string 1.0.")
    source, id_ = read_name(raw.get("source"), "source"), read_name(raw.get("id"), "id")
    if source.startswith(OUR_SOURCES):
        raise invalid(f"A source that begins with {OUR_SOURCES} is not for clients.")
    at, data = read_time(raw.get("time")), raw.get("data")
    if type(data) is not dict or "data_base64" in raw:
        raise invalid("data has to be a JSON object with each key once.")
    match raw.get("type"):
        case "usage.recorded":
            amounts = read_amounts(data)
            return Recorded(source, id_, get_project(raw.get("subject")), at, amounts)
        case "usage.voided":
            voided = read_voided(data)
            return Voided(source, id_, at, *voided)
    raise invalid("type has to be usage.recorded or usage.voided.")


def find_id(raw: object) -> str | None:
    """The id by which a sender finds a refused event again, if it has one that is an id."""
    try:
        return read_name(raw.get("id"), "id") if isinstance(raw, dict) else None
    except Refused:
        return None


def invalid(message: str) -> Refused:
    return Refused("invalid_event", message)


def read_name(value: object, attribute: str) -> str:
    """An id or a source: compared letter by letter, in no normal form."""
    if type(value) is not str or not 0 < len(value) <= MAX_NAME_LETTERS:
        raise invalid(f"{attribute} has to be a string of 1 to {MAX_NAME_LETTERS} characters.")
    if not (value.isascii() and value.isprintable()) and FORBIDDEN.search(value):
        raise invalid(f"{attribute} has a character that CloudEvents forbid.")
    return value


def read_time(value: object) -> datetime:
    """The instant in UTC; digits after the microseconds are cut off, so that no event changes its day."""
    if type(value) is not str or not TIME.fullmatch(value):
        raise invalid("time has to be an RFC 3339 timestamp with an offset.")
    try:
        at = datetime.fromisoformat(value.upper())
        return at if at.tzinfo is UTC else at.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, a leap second, or outside the years 1 to 9999
        raise invalid("time names no instant of the calendar.") from None


def read_amounts(data: dict[str, object]) -> Amounts:
    amounts = {}
    for name, value in data.items():
        places = PLACES.get(name)
        if places is None:
            raise Refused("unknown_metric", NO_EVENT["unknown_metric"])
        try:
            amounts[name] = read_amount(value, places)
        except InvalidValue as why:
            raise Refused("invalid_value", str(why)) from None
    if not amounts:
        raise invalid("data names no metric.")
    return amounts


def read_voided(data: dict[str, object]) -> tuple[str, str]:
    """Source and id of the event to take back. Amounts beside them would be lost: refused."""
    voids = data.get("voids")
    if len(data) != 1 or type(voids) is not dict:
        raise invalid("data of usage.voided has to be voids alone, an object with source and id.")
    return read_name(voids.get("source"), "source"), read_name(voids.get("id"), "id")


def get_project(subject: object) -> UUID:
    project = find_uuid(subject) if type(subject) is str and len(subject) == UUID_LETTERS else None
    if project is None:
        raise Refused("unknown_project", "The project is unknown here.")
    return project


@lru_cache(maxsize=16_384)  # a batch names the same projects again and again
def find_uuid(text: str) -> UUID | None:
    """None for everything but the canonical form that we give out."""
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text else None
