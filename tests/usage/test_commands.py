"""The commands over usage, as an operator runs them: exit codes, --json, --dry-run."""

import json
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import call_command

from partnership.models import Project
from usage.models import Daily, Statement
from usage.sql_store import store

DAY = date(2026, 1, 30)


@pytest.fixture(autouse=True)
def metered(gauge, shop, one_clock):
    """Two events of the shop on the 30th of January, of which it is the day after."""
    Project.objects.update(created_at=datetime(2026, 1, 2, tzinfo=UTC))
    one_clock.move_to(datetime(2026, 1, 31, 12, tzinfo=UTC), tick=False)
    gauge.token = ""
    gauge.__post_init__()
    events = [gauge.event(str(count), {"ai_tokens": 5}, time=f"{DAY}T12:00:00Z") for count in range(2)]
    assert gauge.verdicts(*events) == ["ok", "ok"]


def run(*words):
    """Exit code and output."""
    out = StringIO()
    try:
        call_command(*words, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def damage():
    Daily.objects.update(ai_tokens=11)


def test_a_sound_rollup_has_no_differences():
    assert run("check_usage") == (0, "1 days compared: 0 cells differ, 0 statements are not as they were closed\n")


def test_every_difference_is_printed_and_nothing_is_changed(shop):
    damage()

    code, said = run("check_usage", "--from", "2026-01-01", "--to", "2026-01-31")

    assert code == 1
    assert f"{DAY} {shop.pk} ai_tokens: 11, from events 10" in said
    assert Daily.objects.get().ai_tokens == 11


def test_check_as_json():
    damage()
    code, said = run("check_usage", "--json")
    told = json.loads(said)
    assert (code, told["days"], told["broken_statements"]) == (1, 1, [])
    assert [(each["metric"], each["stored"], each["from_events"]) for each in told["differences"]] == [
        ("ai_tokens", 11, 10)
    ]


@pytest.mark.contract("usage.md", "Closing", "rebuild")
def test_rebuild_mends_what_differs_and_says_so():
    before = list(Daily.objects.values())
    damage()
    assert run("rebuild_usage", "--dry-run") == (0, run("rebuild_usage", "--dry-run")[1])
    assert Daily.objects.get().ai_tokens == 11

    code, said = run("rebuild_usage", "--json")

    assert (code, [each["repaired"] for each in json.loads(said)["differences"]]) == (0, [True])
    assert list(Daily.objects.values()) == before
    assert run("check_usage")[0] == 0


def test_the_wrong_way_round_is_exit_2():
    assert run("check_usage", "--from", "2026-01-31", "--to", "2026-01-01")[0] == 2


def test_a_month_that_is_due_is_closed(one_clock):
    one_clock.move_to(datetime(2026, 2, 6, tzinfo=UTC), tick=False)
    assert run("close_month", "--dry-run")[1].startswith("would close what is before 2026-02-01")
    assert not Statement.objects.exists()

    code, said = run("close_month", "--json")

    assert (code, json.loads(said)["statements"], json.loads(said)["open_from"]) == (0, 1, "2026-02-01")
    assert store.first_open_day() == date(2026, 2, 1)
    assert json.loads(run("close_month", "--json")[1])["statements"] == 0


def test_events_in_their_retention_are_not_forgotten():
    assert json.loads(run("forget_events", "--json")[1]) == {"before": "2024-12-27", "dropped": 0, "dry_run": False}
    assert run("check_usage")[0] == 0
