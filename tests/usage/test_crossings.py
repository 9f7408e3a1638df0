"""A threshold is reached by one event, once a period: in whatever batch it came, and whatever came with it."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from partnership.events import SYSTEM
from partnership.models import Delivery, Event, Project, Webhook
from tests import cast
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret
from tests.post import letters
from tests.usage.clients import white_label_project
from tests.usage.world import LIVE, NOW, World, ago, event, read_by
from usage import alerts, crossings, sql_store, statements
from usage.alerts import Wanted
from usage.models import Firing, MeteringScope
from usage.rollup import differences
from usage.sql_store import store
from usage.store import Verdict

BEGUN = datetime(2025, 12, 20, tzinfo=UTC)
JANUARY = date(2026, 1, 1)


@pytest.fixture
def at(time_machine, gauge, monkeypatch):
    """Moves to a moment, at which the meter gets a new token. The database's own clock can't be moved."""
    monkeypatch.setattr(sql_store, "clock", timezone.now)
    read_by(monkeypatch, timezone.now)

    def move(*moment: int) -> datetime:
        now = datetime(*moment, tzinfo=UTC)
        time_machine.move_to(now, tick=False)
        gauge.token = gauge.oauth.post_token(grant_type="client_credentials")["access_token"]
        return now

    return move


@pytest.fixture
def today(shop, at):
    Project.objects.update(created_at=BEGUN)
    return at(2026, 1, 31, 12)


@pytest.fixture
def partner(globex):
    add_secret(globex, GLOBEX_SECRET)
    return PartnerClient(globex, GLOBEX_SECRET)


@pytest.fixture
def watched(partner, today):
    """Sets an alert over the wire: its id."""

    def watch(metric="ai_tokens", threshold=100, **more):
        made = partner.post("alerts", {"metric": metric, "threshold": threshold, **more})
        assert made.status == 201, made
        return made["alert"]["id"]

    return watch


def fired():
    """(period, id of the event, amounts) of all firings, oldest period first."""
    rows = Firing.objects.order_by("period_first", "pk")
    return [(each.period_first, each.event_id, each.amounts["before"], each.amounts["after"]) for each in rows]


class TestSums:
    def test_it_fires_exactly_at_the_event_that_crossed_it(self, watched, gauge, partner):
        alert = watched()
        batch = [gauge.event(str(number), {"ai_tokens": 40}) for number in range(5)]

        assert gauge.verdicts(*batch) == ["ok"] * 5

        assert fired() == [(JANUARY, "2", 80, 120)]
        [reached] = partner.get(f"alerts/{alert}")["alert"]["reached"]
        assert (reached["period"], reached["usage_event"]["id"]) == ("2026-01", "2")
        assert (reached["amount_before"], reached["amount_after"]) == (80, 120)

    def test_reaching_it_to_the_letter_is_enough(self, watched, gauge):
        watched("ai_credits", "0.3", period="day")
        gauge.send(gauge.event("1", {"ai_credits": "0.1"}), gauge.event("2", {"ai_credits": "0.2"}))
        assert fired() == [(date(2026, 1, 31), "2", 100_000, 300_000)]

    def test_once_a_period_and_again_in_the_next(self, watched, gauge, at):
        watched(threshold=10)
        gauge.send(gauge.event("1", {"ai_tokens": 10}), gauge.event("2", {"ai_tokens": 10}))
        gauge.send(gauge.event("3", {"ai_tokens": 10}))
        at(2026, 2, 1, 12)
        gauge.send(gauge.event("4", {"ai_tokens": 9}))
        gauge.send(gauge.event("5", {"ai_tokens": 1}))
        assert [row[:2] for row in fired()] == [(JANUARY, "1"), (date(2026, 2, 1), "5")]

    def test_a_batch_over_two_days_fires_for_both(self, watched, gauge):
        watched(threshold=10, period="day")
        batch = [gauge.event(day, {"ai_tokens": 10}, time=f"2026-01-{day}T12:00:00Z") for day in ("31", "30")]
        gauge.send(*batch)
        assert [row[:2] for row in fired()] == [(date(2026, 1, 30), "30"), (date(2026, 1, 31), "31")]

    def test_what_does_not_count_does_not_cross(self, watched, gauge):
        watched()
        small = gauge.event("1", {"ai_tokens": 60})
        conflict, unknown = {**small, "data": {"ai_tokens": 61}}, gauge.event("2", {"heat": 60})
        gauge.send(small, small, conflict, unknown)
        gauge.send(small, gauge.event("3", {"mcp_calls": 60}))
        assert fired() == []

    def test_of_a_project_alone_or_of_all_together(self, watched, gauge, globex, shop):
        other = white_label_project(globex, "Other")
        watched(project_id=str(shop.pk))
        watched()
        gauge.send(gauge.event("1", {"ai_tokens": 60}), gauge.event("2", {"ai_tokens": 60}, subject=str(other.pk)))
        assert [row[1] for row in fired()] == ["2"]
        gauge.send(gauge.event("3", {"ai_tokens": 60}))
        assert sorted(row[1] for row in fired()) == ["2", "3"]

    def test_what_was_reached_before_the_alert_was_set_is_not_told(self, watched, gauge):
        gauge.send(gauge.event("1", {"ai_tokens": 100}))
        watched()
        gauge.send(gauge.event("2", {"ai_tokens": 100}))
        assert fired() == []

    def test_switched_off_it_is_silent(self, watched, gauge, partner):
        partner.ask("PATCH", f"alerts/{watched()}", {"is_enabled": False})
        gauge.send(gauge.event("1", {"ai_tokens": 100}))
        assert fired() == []

    def test_another_partners_usage_is_none_of_its(self, watched, gauge, initech):
        watched()
        other = white_label_project(initech)
        gauge.send(gauge.event("1", {"ai_tokens": 100}, subject=str(other.pk)))
        assert fired() == []

    def test_the_test_environment_stands_apart(self, watched, gauge, globex, meter):
        tried = white_label_project(globex, "Tried", environment="test")
        watched()
        MeteringScope.objects.create(application=meter.application, environment="test", all_projects=True)
        assert gauge.verdicts(gauge.event("1", {"ai_tokens": 100}, subject=str(tried.pk))) == ["ok"]
        assert fired() == []
        alerts.make(globex, "test", Wanted("ai_tokens", 150), actor=SYSTEM, now=NOW)
        gauge.send(gauge.event("2", {"ai_tokens": 100}, subject=str(tried.pk)))
        assert [row[1] for row in fired()] == ["2"]


class TestPeaks:
    def test_the_first_sample_at_or_over_it(self, watched, gauge, shop):
        watched("database_size_bytes", 100, project_id=str(shop.pk))
        gauge.send(gauge.event("1", {"database_size_bytes": 99}))
        gauge.send(gauge.event("2", {"database_size_bytes": 100}), gauge.event("3", {"database_size_bytes": 500}))
        assert fired() == [(JANUARY, "2", 99, 100)]

    def test_of_all_together_by_the_samples_that_are_carried_on(self, watched, gauge, globex):
        other = white_label_project(globex, "Other")
        Project.objects.update(created_at=BEGUN)
        watched("database_size_bytes", 100)
        gauge.send(gauge.event("1", {"database_size_bytes": 60}, time="2026-01-29T12:00:00Z"))
        gauge.send(
            gauge.event("2", {"database_size_bytes": 39}, subject=str(other.pk)),
            gauge.event("3", {"database_size_bytes": 40}, subject=str(other.pk)),
            gauge.event("4", {"database_size_bytes": 10}),
        )
        assert fired() == [(JANUARY, "3", 99, 100)]

    def test_a_batch_of_many_crosses_where_each_alone_would(self, monkeypatch, time_machine, db):
        read_by(monkeypatch, lambda: NOW)
        time_machine.move_to(NOW, tick=False)
        world, chosen = World(), random.Random(5)
        for turn in range(12):
            projects = [world.project(f"ps_globex{turn:06}{side}") for side in "ab" for _ in range(3)]
            sizes = [
                (chosen.randrange(3), ago(hours=chosen.randrange(200)), chosen.randrange(1, 50)) for _ in range(25)
            ]
            found = []
            for side, size in ((0, 25), (3, 1)):
                sent = [
                    event(projects[side + number], at=at, id_=f"{turn}-{side}-{index}", database_size_bytes=amount)
                    for index, (number, at, amount) in enumerate(sizes)
                ]
                owner = Project.objects.get(pk=projects[side]).partner
                alert = alerts.make(owner, "live", Wanted("database_size_bytes", 95), actor=SYSTEM, now=NOW)
                for start in range(0, 25, size):
                    crossings.record(LIVE, sent[start : start + size], NOW)
                found.append([(row.period_first, row.event_id[-2:], row.amounts) for row in alert.firings.all()])
            assert found[0] == found[1]
        assert 12 < Firing.objects.count() < 24


class TestClosing:
    def test_a_late_event_of_a_closed_month_reaches_nothing(self, watched, gauge, at):
        watched(threshold=10)
        statements.close_due(at(2026, 2, 6))
        late = gauge.event("1", {"ai_tokens": 10}, time="2026-01-31T12:00:00Z")
        assert gauge.verdicts(late) == ["ok"]  # as an adjustment
        assert fired() == []

    def test_a_late_event_counts_for_its_own_month_while_that_is_open(self, watched, gauge, at):
        watched(threshold=10)
        at(2026, 2, 3)
        gauge.send(gauge.event("1", {"ai_tokens": 10}, time="2026-01-31T12:00:00Z"), gauge.event("2", {"ai_tokens": 9}))
        assert [row[:2] for row in fired()] == [(JANUARY, "1")]


def test_a_void_takes_no_firing_back_and_causes_none(watched, gauge):
    watched(threshold=10)
    gauge.send(gauge.event("1", {"ai_tokens": 10}))
    gauge.send(gauge.void("v", "1"))
    gauge.send(gauge.event("2", {"ai_tokens": 10}))
    assert [row[1] for row in fired()] == ["1"]


def test_what_was_voided_before_has_to_be_made_up(watched, gauge):
    watched(threshold=10)
    gauge.send(gauge.event("1", {"ai_tokens": 9}))
    gauge.send(gauge.void("v", "1"))
    gauge.send(gauge.event("2", {"ai_tokens": 9}))
    gauge.send(gauge.event("3", {"ai_tokens": 1}))
    assert fired() == [(JANUARY, "3", 9, 10)]


def test_a_rebuild_fires_nothing(watched, gauge, today):
    gauge.send(gauge.event("1", {"ai_tokens": 10}))
    watched(threshold=10)
    differences(today.date(), repair=True)
    assert fired() == []


def test_the_partner_is_told_by_webhook_event_and_mail(watched, gauge, partner, shop):
    partner.post("webhooks", {"url": "https://hooks.globex.example/in", "event_types": ["usage.threshold_reached"]})
    alert = watched("ai_credits", "0.5", project_id=str(shop.pk))
    gauge.send(gauge.event("1", {"ai_credits": "0.75"}))

    told = Event.objects.get(type="usage.threshold_reached")
    assert told.data == {
        "alert": {
            "id": alert,
            "project_id": str(shop.pk),
            "metric": "ai_credits",
            "threshold": "0.5",
            "period": "month",
        },
        "period": "2026-01",
        "amount_before": "0",
        "amount_after": "0.75",
        "usage_event": {"source": "/edge/eu-1", "id": "1", "project_id": str(shop.pk)},
    }
    assert (Delivery.objects.get().event, Webhook.objects.count()) == (told, 1)
    assert "usage.threshold_reached" in [each["type"] for each in partner.get("events")["events"]]
    [letter] = letters()
    assert (letter.to, "Shop" in letter.subject, "0.75 credits in 2026-01" in letter.body) == (
        ["ops@partner.example"],
        True,
        True,
    )


def test_staff_are_told_of_the_alert_that_they_set(globex, gauge, today):
    sam = cast.person("sam@example.com", "Sam Staff", is_staff=True)
    alerts.make(globex, "live", Wanted("ai_tokens", 5, staff=sam), actor=SYSTEM, now=today)
    gauge.send(gauge.event("1", {"ai_tokens": 5}))
    assert sorted(letter.to[0] for letter in letters()) == ["ops@partner.example", "sam@example.com"]


def test_what_is_rolled_back_is_not_told(watched, shop, monkeypatch):
    watched(threshold=10)

    def fail(*args, **more):
        raise RuntimeError("the mail's row can't be written")

    monkeypatch.setattr("accounts.mail.post", fail)
    sent = [event(shop.pk, at=datetime(2026, 1, 31, tzinfo=UTC), ai_tokens=10)]
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    with pytest.raises(RuntimeError):
        crossings.record(LIVE, sent, now)
    assert (fired(), Event.objects.filter(type="usage.threshold_reached").count()) == ([], 0)
    monkeypatch.undo()
    assert crossings.record(LIVE, sent, now) == [Verdict.ACCEPTED]
    assert len(fired()) == 1


def test_an_alert_costs_others_one_look_up(gauge, shop, django_assert_num_queries):
    sent = [event(shop.pk, at=store.clock() - timedelta(minutes=1), ai_tokens=10)]
    # PostgreSQL's prepared statements go past Django's log: what is left there is none.
    with django_assert_num_queries(1 if connection.vendor == "sqlite" else 0):
        crossings.watch(crossings.Counted("live", sent), store.clock())


def test_all_that_meters_comes_by_the_alerts():
    callers = {path.name for path in (settings.ROOT / "usage").rglob("*.py") if "store.record(" in path.read_text()}
    assert callers == {"crossings.py"}
