"""What becomes of one event of a batch: each verdict of usage.md, and that it stops nothing else."""

import json
from uuid import uuid4

import pytest

from tests.usage.clients import ago, counted, white_label_project
from usage.metrics import NAMES
from usage.models import Event, MeteringScope

row = pytest.mark.contract

NOT_EVENTS = {
    "no object": lambda event: "event",
    "null": lambda event: None,
    "a number": lambda event: 1.5,
    "an array": lambda event: [event],
    "empty": lambda event: {},
    "specversion": lambda event: {**event, "specversion": "0.3"},
    "specversion a number": lambda event: {**event, "specversion": 1.0},
    "no id": lambda event: {**event, "id": None},
    "empty id": lambda event: {**event, "id": ""},
    "id a number": lambda event: {**event, "id": 7},
    "id a fraction": lambda event: {**event, "id": 7.5},
    "id too long": lambda event: {**event, "id": "x" * 256},
    "NUL in id": lambda event: {**event, "id": "a\0b"},
    "line end in id": lambda event: {**event, "id": "a\n"},
    "lone surrogate in id": lambda event: {**event, "id": "\ud800"},
    "noncharacter in id": lambda event: {**event, "id": "\uffff"},
    "no source": lambda event: {**event, "source": ""},
    "NUL in source": lambda event: {**event, "source": "/a\0"},
    "source too long": lambda event: {**event, "source": "/" * 256},
    "type": lambda event: {**event, "type": "usage.measured"},
    "type a list": lambda event: {**event, "type": ["usage.recorded"]},
    "no data": lambda event: {**event, "data": None},
    "data text": lambda event: {**event, "data": "ai_tokens"},
    "data empty": lambda event: {**event, "data": {}},
    "data_base64": lambda event: {**event, "data_base64": "e30="},
    "no time": lambda event: {**event, "time": None},
    "time a number": lambda event: {**event, "time": 1_767_225_600},
    "no offset": lambda event: {**event, "time": "2026-01-31T23:59:59"},
    "only a day": lambda event: {**event, "time": "2026-01-31"},
    "ISO but not RFC 3339": lambda event: {**event, "time": "20260131T235959Z"},
    "week date": lambda event: {**event, "time": "2026-W05-6T23:59:59Z"},
    "comma": lambda event: {**event, "time": "2026-01-31T23:59:59,5Z"},
    "hour 24": lambda event: {**event, "time": "2026-01-31T24:00:00Z"},
    "no such day": lambda event: {**event, "time": "2026-02-30T00:00:00Z"},
    "before the calendar": lambda event: {**event, "time": "0001-01-01T00:00:00+14:00"},
    "after the calendar": lambda event: {**event, "time": "9999-12-31T23:59:59-14:00"},
    "other digits": lambda event: {**event, "time": "٢026-01-31T23:59:59Z"},
    "void of nothing": lambda event: {**event, "type": "usage.voided"},
    "void of text": lambda event: {**event, "type": "usage.voided", "data": {"voids": "1"}},
    "void without an id": lambda event: {**event, "type": "usage.voided", "data": {"voids": {"source": "/edge/eu-1"}}},
    "void with amounts": lambda event: {
        **event,
        "type": "usage.voided",
        "data": {"voids": {"source": "/edge/eu-1", "id": "1"}, "ai_tokens": 1},
    },
}


@row("usage.md", "Metering in", "invalid_event")
def test_what_is_no_event_is_named_by_its_place_and_the_rest_counts(gauge):
    bad = [make(gauge.event(name)) for name, make in NOT_EVENTS.items()]

    said = gauge.send(gauge.event("first"), *bad, gauge.event("last"))

    assert (said.status, said["accepted"]) == (200, 2)
    assert [(each["index"], each["code"]) for each in said["rejected"]] == [
        (index, "invalid_event") for index in range(1, len(bad) + 1)
    ]
    assert Event.objects.count() == 2


def test_a_key_that_stands_twice_is_refused_in_the_event_and_in_its_data(gauge):
    in_event = '{"specversion": "1.0", "id": "1", "id": "2"}'
    in_data = json.dumps(gauge.event("3")).replace('"ai_tokens": 1500', '"ai_tokens": 1, "ai_tokens": 2')
    body = f"[{in_event}, {in_data}]"

    said = gauge.send_raw(body.encode())

    assert [(each["code"], each["id"]) for each in said["rejected"]] == [("invalid_event", "2"), ("invalid_event", "3")]


def test_an_id_that_is_none_is_null_and_a_message_repeats_no_input(gauge):
    said = gauge.send(*(gauge.event(id_, {"<script>": 1}) for id_ in ("\0", 7, "x" * 256, "ok")))

    assert [each["id"] for each in said["rejected"]] == [None, None, None, "ok"]
    assert all("script" not in each["message"] for each in said["rejected"])


def test_attributes_beside_ours_are_tolerated(gauge):
    more = {
        "datacontenttype": "application/json",
        "dataschema": "https://globex.example/usage",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "number": 7,
    }
    assert gauge.verdicts(gauge.event(**more)) == ["ok"]


@row("usage.md", "Metering in", "unknown_metric")
def test_a_metric_that_is_unknown_spoils_its_event(gauge):
    assert gauge.verdicts(gauge.event("1", {"ai_tokens": 1, "gpu_hours": 1}), gauge.event("2")) == [
        "unknown_metric",
        "ok",
    ]
    assert counted(gauge.project) == 1500


def test_every_metric_of_the_registry_is_taken(gauge):
    assert gauge.verdicts(gauge.event(data=dict.fromkeys(NAMES, 1))) == ["ok"]
    assert {name: counted(gauge.project, name) for name in NAMES} == {**dict.fromkeys(NAMES, 1), "ai_credits": 10**6}


@row("usage.md", "Metering in", "invalid_value")
def test_trap_19_and_20_a_value_is_a_number_and_not_below_zero(gauge):
    values = [-1, "-1", True, False, None, [], {}, "", "twelve", "NaN", "Infinity", "1e400", 2**53, 2**63, 10**4000]
    taken = [0, 1.0, "12", "1.0", 2**53 - 1 - 14]

    events = [gauge.event(str(index), {"ai_tokens": value}) for index, value in enumerate([*values, *taken])]
    fractions = [gauge.event("half", {"mcp_calls": 1.5}), gauge.event("fine", {"ai_credits": 0.1234567})]

    assert gauge.verdicts(*events, *fractions) == ["invalid_value"] * 15 + ["ok"] * 5 + ["invalid_value"] * 2
    assert counted(gauge.project) == 2**53 - 1


@row("usage.md", "Metering in", "invalid_value")
def test_trap_20_1e400_is_too_large_and_not_infinity(gauge):
    body = json.dumps([gauge.event()]).replace("1500", "1e400")

    assert gauge.send_raw(body.encode())["rejected"][0]["code"] == "invalid_value"


def test_trap_22_a_tenth_ten_times_is_one(gauge):
    ways = [0.1, "0.1", "0.10", "1e-1", 0.100000]
    events = [gauge.event(str(number), {"ai_credits": ways[number % 5]}) for number in range(10)]

    gauge.send(*events[:3])
    gauge.send(*reversed(events[3:]))

    assert counted(gauge.project, "ai_credits") == 10**6


@row("usage.md", "Metering in", "invalid_value")
def test_trap_21_a_day_holds_2_to_the_62_and_no_more(gauge):
    most = 2**53 - 1
    events = [gauge.event(str(number), {"egress_bytes": most}) for number in range(512)]
    assert gauge.send(*events)["accepted"] == 512

    rest = 2**62 - 512 * most
    assert gauge.verdicts(gauge.event("over", {"egress_bytes": rest + 1})) == ["invalid_value"]
    assert gauge.verdicts(gauge.event("full", {"egress_bytes": rest}), gauge.event("1 more", {"egress_bytes": 1})) == [
        "ok",
        "invalid_value",
    ]
    assert counted(gauge.project, "egress_bytes") == 2**62


@row("usage.md", "Metering in", "unknown_project")
@row("usage.md", "Metering in", "what it meters")
def test_projects_that_are_not_the_clients_to_meter_are_unknown(gauge, globex, initech):
    test = white_label_project(globex, environment="test")
    other = white_label_project(initech)
    MeteringScope.objects.create(application=gauge.oauth.application).partners.add(globex)
    subjects = [str(test.pk), str(other.pk), str(uuid4()), gauge.project.upper(), "", "shop", None, 7, gauge.project]

    verdicts = gauge.verdicts(*(gauge.event(str(i), subject=subject) for i, subject in enumerate(subjects)))

    assert verdicts == ["unknown_project"] * 8 + ["ok"]
    assert Event.objects.count() == 1


@row("usage.md", "Metering in", "what it meters")
def test_a_client_of_the_test_environment_meters_test_projects_alone(gauge, globex):
    test = white_label_project(globex, environment="test")
    MeteringScope.objects.create(application=gauge.oauth.application, environment="test", all_projects=True)

    assert gauge.verdicts(gauge.event("1", subject=str(test.pk)), gauge.event("2")) == ["ok", "unknown_project"]


@row("usage.md", "Metering in", "durable")
@row("usage.md", "Metering in", "once")
def test_trap_7_the_good_ones_count_and_the_bad_ones_sent_again_change_nothing(gauge):
    good = [gauge.event(f"good {number}") for number in range(40)]
    bad = [gauge.event(f"bad {number}", {"ai_tokens": -number - 1}) for number in range(10)]
    batch = [event for pair in zip(good, bad * 4, strict=True) for event in pair]

    said = gauge.send(*batch)
    assert (said["accepted"], len(said["rejected"])) == (40, 40)
    assert {each["id"] for each in said["rejected"]} == {event["id"] for event in bad}
    assert counted(gauge.project) == 40 * 1500

    assert gauge.send(*bad)["accepted"] == 0
    assert gauge.send(*reversed(good)).body == {"accepted": 0, "duplicates": 40, "rejected": []}
    assert counted(gauge.project) == 40 * 1500


@row("usage.md", "Metering in", "conflicting_duplicate")
def test_trap_8_the_first_content_wins(gauge, initech):
    event = gauge.event()
    gauge.send(event)
    others = [
        {**event, "data": {"ai_tokens": 1501}},
        {**event, "data": {"ai_tokens": 1500, "mcp_calls": 0}},
        {**event, "time": ago(seconds=1)},
        {**event, "time": ago(days=1)},
        {**event, "subject": str(white_label_project(initech).pk)},
    ]

    said = gauge.send(*others, event)

    assert [each["code"] for each in said["rejected"]] == ["conflicting_duplicate"] * 5
    assert (said["accepted"], said["duplicates"], counted(gauge.project)) == (0, 1, 1500)


def test_trap_30_ids_are_compared_letter_by_letter(gauge):
    ids = ["a", "A", " a", "a ", "á", "a\u0301", "😀", "x" * 255, "😀" * 255, "01J0000000000000000000000A", "0" * 36]
    ids += ["5d0f7c3a-3c1e-4f6e-9a57-0d9b7a3c1e11", "5D0F7C3A-3C1E-4F6E-9A57-0D9B7A3C1E11"]
    events = [gauge.event(id_, source=source) for id_ in ids for source in ("/a", "/A")]

    assert gauge.send(*events)["accepted"] == len(events)
    assert gauge.send(*events)["duplicates"] == len(events)


@row("usage.md", "Metering in", "void")
def test_an_event_is_taken_back_once_by_the_client_that_sent_it(gauge, other_gauge):
    gauge.send(gauge.event("1"), gauge.event("2"))

    assert other_gauge.verdicts(other_gauge.void("9", "1")) == ["unknown_event"]
    assert gauge.verdicts(gauge.void("3", "1"), gauge.void("4", "never sent")) == ["ok", "unknown_event"]
    assert gauge.verdicts(gauge.void("5", "1")) == ["already_voided"]
    assert gauge.send(gauge.event("1"))["accepted"] == 0
    assert counted(gauge.project) == 1500
    assert Event.objects.count() == 3
