"""Whatever a machine client sends: never a 500, and the same verdict on SQLite and PostgreSQL.

The verdict of each example is worked out here a second time, by `Decimal` and plain rules that no
database knows, and CI runs this file on both.
"""

import json
import unicodedata
from decimal import Decimal, InvalidOperation
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.environment import examples
from tests.usage.clients import BATCH, ONE
from usage.models import Event

FRESH = count()
MOST = 2**53 - 1

quick = settings(
    max_examples=examples(15, 100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)

DIGITS = st.text("0123456789", min_size=1, max_size=20)
LITERALS = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(2**54), max_value=2**54).map(str),
    st.builds("{}{}.{}e{}".format, st.sampled_from(["", "-"]), st.integers(0, 10**18), DIGITS, st.integers(-500, 500)),
    st.sampled_from(["0", "-0", "-0.0", "1e400", "-1e400", "1E+0", "1e-400", str(2**53), str(MOST), str(2**63), "0e0"]),
    st.sampled_from(["true", "false", "null", "[]", "{}", '""', '"x"', '"NaN"', "[1]", '{"a": 1}']),
)


def verdict_of(literal: str, places: int) -> str:
    value = json.loads(literal, parse_int=str, parse_float=str)
    try:
        amount = Decimal(value).scaleb(places) if isinstance(value, str) else None
    except InvalidOperation:
        amount = None
    is_exact = amount is not None and amount.is_finite() and 0 <= amount <= MOST and amount == int(amount)
    return "ok" if is_exact else "invalid_value"


@quick
@given(literals=st.lists(LITERALS, min_size=1, max_size=20))
def test_trap_20_every_json_literal_is_exact_or_refused(gauge, literals):
    events = [gauge.event(f"literal {next(FRESH)}", {"HERE": 0}) for _ in literals]
    metrics = ["mcp_calls" if index % 2 else "ai_credits" for index in range(len(literals))]
    texts = [
        json.dumps(event).replace('"HERE": 0', f'"{metric}": {literal}')
        for event, metric, literal in zip(events, metrics, literals, strict=True)
    ]

    said = gauge.send_raw(f"[{','.join(texts)}]".encode())

    codes = {each["index"]: each["code"] for each in said["rejected"]}
    assert [codes.get(index, "ok") for index in range(len(texts))] == [
        verdict_of(literal, 6 if metric == "ai_credits" else 0)
        for metric, literal in zip(metrics, literals, strict=True)
    ]


LETTERS = st.one_of(
    st.characters(),
    st.sampled_from(["\0", "\x1f", "\x7f", "\x9f", "\ud800", "\udfff", "\ufdd0", "\uffff", "\U0010ffff", "😀", "ß"]),
)
IDS = st.one_of(st.text(LETTERS, max_size=30), st.sampled_from(["x" * 255, "x" * 256, "😀" * 255, "😀" * 256]))


def is_name(text: str) -> bool:
    """CloudEvents, "Type System", String, with 1 to 255 characters."""
    is_forbidden = (unicodedata.category(letter) in ("Cc", "Cs") or is_noncharacter(ord(letter)) for letter in text)
    return 0 < len(text) <= 255 and not any(is_forbidden)


def is_noncharacter(point: int) -> bool:
    return 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE


@quick
@given(ids=st.lists(IDS, min_size=1, max_size=10, unique=True), source=IDS)
def test_trap_30_hostile_ids_and_sources_have_one_verdict(gauge, ids, source):
    events = [gauge.event(id_, source=source) for id_ in ids]

    verdicts = gauge.verdicts(*events)
    again = gauge.verdicts(*reversed(events))

    counts = [is_name(id_) and is_name(source) for id_ in ids]
    assert [verdict in ("ok", "conflicting_duplicate") for verdict in verdicts] == counts
    assert again == [verdict if verdict == "invalid_event" else "ok" for verdict in reversed(verdicts)] or (
        "conflicting_duplicate" in verdicts
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["specversion", "id", "source", "type", "subject", "time", "data", "datacontenttype", "other"]),
    JSON | st.sampled_from(["usage.voided", "1.0", "2026-01-31T23:59:59Z"]),
    max_size=4,
)


def is_json(value: object) -> bool:
    """Whether no number in it is NaN or infinite; as a word in a text they are fine."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


@quick
@given(changes=st.lists(ATTRIBUTES | JSON, max_size=6), type_=st.sampled_from([BATCH, ONE, "application/json"]))
def test_events_of_any_shape_are_answered(gauge, changes, type_):
    events = [gauge.event() | change if isinstance(change, dict) else change for change in changes]

    said = gauge.send_raw(json.dumps(events).encode(), type_)

    assert said.status == (400 if type_ == ONE or not is_json(events) else said.status)
    assert said.status in (200, 400)
    if said.status == 200:
        assert said["accepted"] + said["duplicates"] + len(said["rejected"]) == len(events)


@quick
@given(body=st.binary(max_size=300), encoding=st.sampled_from(["", "gzip"]))
def test_bytes_of_any_kind_are_answered(gauge, body, encoding):
    headers = {"Content-Encoding": encoding} if encoding else {}

    assert gauge.send_raw(body, **headers).status in (200, 400)
    assert not Event.objects.exists()


@pytest.mark.parametrize("depth", [10, 10_000])
def test_depth_is_of_no_matter(gauge, depth):
    deep = "[" * depth + "]" * depth
    body = json.dumps([gauge.event("1"), gauge.event("2", {"ai_tokens": "HERE"})]).replace('"HERE"', deep)

    said = gauge.send_raw(body.encode())

    assert said.status == (200 if depth == 10 else 400)
    assert Event.objects.count() == (1 if depth == 10 else 0)
