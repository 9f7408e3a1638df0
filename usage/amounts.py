"""The numbers of an event, exact: text to whole numbers of a metric's smallest unit, never by a float.

Source: usage.md, "Metering in" (`invalid_value`).
"""

import re

from usage.metrics import MAX_EVENT_AMOUNT

# A number as JSON writes it; in a string it is written the same. An exponent of ten digits is no amount.
NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,9}))?")
MAX_DIGITS = len(str(MAX_EVENT_AMOUNT))


class InvalidValue(Exception):
    """Why a value is no amount: a sentence that repeats nothing of it."""


def read_amount(value: object, places: int) -> int:
    """`value` in units of the last of `places` decimal places.

    `value` is an `int`, or text (a number's literal or a decimal string). Raises InvalidValue.
    """
    if type(value) is int:
        return check_range(value * 10**places)
    if not isinstance(value, str):
        raise InvalidValue("A value is not a number.")
    return check_range(scaled(value, places))


def scaled(text: str, places: int) -> int:
    found = NUMBER.fullmatch(text)
    if not found:
        raise InvalidValue("A value is not a decimal number.")
    sign, whole, fraction, exponent = found.groups(default="")
    written = whole + fraction
    digits = written.rstrip("0")
    power = int(exponent or 0) - len(fraction) + places + len(written) - len(digits)
    digits = digits.lstrip("0")
    if not digits:
        return 0
    if power < 0:
        raise InvalidValue(f"A value has more than {places} decimal places." if places else "A count has a fraction.")
    if len(digits) + power > MAX_DIGITS:  # before the power is taken: 1e999999999 would fill the memory
        raise InvalidValue("A value is too large." if not sign else "A value is negative.")
    return int(sign + digits + "0" * power)


def check_range(amount: int) -> int:
    if amount < 0:
        raise InvalidValue("A value is negative.")
    if amount > MAX_EVENT_AMOUNT:
        raise InvalidValue("A value is too large.")
    return amount
