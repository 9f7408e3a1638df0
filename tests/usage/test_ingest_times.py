"""When an event may have happened, and on which day it counts (usage.md, "Metering in")."""

from datetime import UTC, datetime, timedelta

import pytest

from partnership.models import Project
from tests.usage.clients import ago, counted, today
from usage.sql_store import store

row = pytest.mark.contract

A_DAY = timedelta(days=1)


def test_trap_18_a_leap_second_is_no_time(gauge):
    said = gauge.send(gauge.event(time="2016-12-31T23:59:60Z"))

    assert said["rejected"] == [
        {"index": 0, "id": "1", "code": "invalid_event", "message": "time names no instant of the calendar."}
    ]


@row("usage.md", "Metering in", "too_early")
@row("usage.md", "Metering in", "too_late")
def test_trap_11_five_minutes_ahead_and_35_days_back(gauge):
    times = [ago(minutes=-4.5), ago(minutes=-5.5), ago(days=34.9), ago(days=35.1)]

    verdicts = gauge.verdicts(*(gauge.event(str(index), time=time) for index, time in enumerate(times)))

    assert verdicts == ["ok", "too_early", "ok", "too_late"]


def test_the_same_content_in_other_words_is_a_duplicate(gauge):
    gauge.send(gauge.event(time=f"{today()}T00:00:00.123456Z"))
    again = gauge.event(time=f"{today()}T01:00:00.123456789+01:00", data={"ai_tokens": "1500.0"})

    assert gauge.send(again).body == {"accepted": 0, "duplicates": 1, "rejected": []}


def test_trap_16_the_day_is_that_of_the_instant_in_utc(gauge):
    day = today() - 3 * A_DAY
    times = [
        f"{day}T23:59:59.999999Z",
        f"{day}T23:59:59.9999999Z",  # cut off, not rounded into the next day
        f"{day + A_DAY}T00:00:00Z",
        f"{day + A_DAY}T09:29:59+09:30",
        f"{day}T14:00:00-10:00",
        f"{day}t12:00:00z",
    ]

    gauge.send(*(gauge.event(str(10**n), {"ai_tokens": 10**n}, time=time) for n, time in enumerate(times)))

    assert counted(gauge.project, on=day) == 101011
    assert counted(gauge.project, on=day + A_DAY) == 10100


def test_trap_17_the_time_zone_of_the_process_is_of_no_matter(gauge, in_new_york):
    day = today() - 2 * A_DAY

    gauge.send(gauge.event(time=f"{day}T23:30:00Z"), gauge.event("2", time=f"{day}T01:30:00Z"))

    assert counted(gauge.project, on=day) == 3000


@row("usage.md", "Metering in", "project_deleted")
def test_after_its_deletion_a_project_takes_nothing(gauge):
    Project.objects.update(status="deleted", operation_status="", deleted_at=datetime.now(UTC) - timedelta(hours=1))

    assert gauge.verdicts(gauge.event("1", time=ago(hours=2)), gauge.event("2", time=ago(minutes=30))) == [
        "ok",
        "project_deleted",
    ]


@row("usage.md", "Metering in", "closed_period")
def test_a_peak_of_a_closed_month_is_refused(gauge):
    a_month_ago = today().replace(day=1) - A_DAY
    store.close_before(today().replace(day=1), datetime.now(UTC))
    time = f"{a_month_ago}T12:00:00Z"

    verdicts = gauge.verdicts(
        gauge.event("1", {"database_size_bytes": 1}, time=time), gauge.event("2", {"ai_tokens": 5}, time=time)
    )

    assert verdicts == ["closed_period", "ok"]
    assert counted(gauge.project, on=a_month_ago) == 0
