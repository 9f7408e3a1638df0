"""JSON as it is written: no number goes through a float, no key is silently lost.

Source: metering.md's traps, by way of docs/decisions/0084; RFC 8259, and RFC 7493 (I-JSON) for keys.
"""

import json
from typing import NoReturn


class Literal(str):
    """A JSON number that is no plain integer, letter by letter. Its type tells it from a string."""

    __slots__ = ()


class Repeated(dict[str, object]):
    """A JSON object in which a key stands twice: which of the two counts, no reader may guess."""


class NotJSON(Exception):
    """The text is not JSON. The message repeats nothing of it."""


def parse(text: str) -> object:
    """What `text` says: objects are `dict` or `Repeated`, numbers `int` or `Literal`.

    Raises NotJSON, also for NaN and Infinity, which are Python's words and not JSON's, and for
    nesting deeper than the interpreter goes.
    """
    try:
        return decode(text)
    except json.JSONDecodeError as fault:
        raise NotJSON(f"The body is not JSON: line {fault.lineno}, column {fault.colno}.") from None
    except RecursionError:
        raise NotJSON("The body is nested too deeply.") from None


def decode(text: str) -> object:
    try:
        return DECODER.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer with more digits than Python turns into one
        return SLOW_DECODER.decode(text)


def as_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    held = dict(pairs)
    return held if len(held) == len(pairs) else Repeated(held)


def refuse_constant(name: str) -> NoReturn:
    raise NotJSON("The body is not JSON: NaN and Infinity are no numbers there.")


DECODER = json.JSONDecoder(object_pairs_hook=as_object, parse_float=Literal, parse_constant=refuse_constant)
SLOW_DECODER = json.JSONDecoder(
    object_pairs_hook=as_object, parse_float=Literal, parse_int=Literal, parse_constant=refuse_constant
)
