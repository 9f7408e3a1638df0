"""Numbers of events: exact, or refused. Nothing goes through a float."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usage.amounts import InvalidValue, read_amount
from usage.metrics import MAX_EVENT_AMOUNT


@pytest.mark.parametrize(
    ("value", "places", "amount"),
    [
        (0, 0, 0),
        (1500, 0, 1500),
        ("1500", 0, 1500),
        ("1.0", 0, 1),
        ("15e2", 0, 1500),
        ("1500e-2", 0, 15),
        ("-0", 0, 0),
        ("-0.0", 6, 0),
        ("0e999999999", 0, 0),
        (1, 6, 1_000_000),
        ("0.15", 6, 150_000),
        ("0.000001", 6, 1),
        ("0.1000000000", 6, 100_000),
        ("1e-6", 6, 1),
        (2**53 - 1, 0, 2**53 - 1),
        ("9007199254.740991", 6, 2**53 - 1),
        ("1" + "0" * 300 + "e-300", 0, 1),
    ],
)
def test_trap_22_a_value_is_a_whole_number_of_the_smallest_unit(value, places, amount):
    assert read_amount(value, places) == amount


@pytest.mark.parametrize(
    ("value", "places", "why"),
    [
        (-1, 0, "negative"),
        ("-1", 0, "negative"),
        ("-0.000001", 6, "negative"),
        ("-1e400", 0, "negative"),
        (2**53, 0, "too large"),
        (2**63, 0, "too large"),
        ("1e400", 0, "too large"),
        ("1e999999999", 0, "too large"),
        (9_007_199_255, 6, "too large"),
        ("1.5", 0, "fraction"),
        ("1e-1", 0, "fraction"),
        ("0.0000001", 6, "6 decimal places"),
        (True, 0, "not a number"),
        (None, 0, "not a number"),
        ([1], 0, "not a number"),
        ({}, 0, "not a number"),
        *(
            (text, 0, "not a decimal number")
            for text in (
                "",
                " 1",
                "1 ",
                "1\n",
                "+1",
                "01",
                ".5",
                "1.",
                "1_0",
                "0x1",
                "NaN",
                "Infinity",
                "١",
                "1e9999999999",
            )
        ),
    ],
)
def test_what_is_no_amount_is_refused_with_its_reason(value, places, why):
    with pytest.raises(InvalidValue, match=why):
        read_amount(value, places)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, MAX_EVENT_AMOUNT), st.integers(-30, 30))
def test_however_it_is_written_it_is_the_same(amount, shift):
    written = f"{Decimal(amount).scaleb(-6 + shift):f}e{-shift}"

    assert read_amount(written, 6) == amount
