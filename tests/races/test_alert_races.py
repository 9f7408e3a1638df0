"""Thresholds reached from many connections at once: once a period, by the event that did it, without a deadlock."""

import random
from datetime import UTC, date
from functools import partial

import pytest

from partnership.events import SYSTEM
from partnership.models import Delivery, Event, Partner, Webhook
from tests.races.test_usage_races import GLOBEX, at_noon, deadlocks
from tests.usage.world import LIVE, NOW, World, ago, event
from usage import alerts, crossings
from usage.alerts import Wanted
from usage.models import Alert, Firing
from usage.sql_store import store

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
__all__ = ["at_noon"]
FEBRUARY = date(2026, 2, 1)
PARTNERS = (GLOBEX.id, "ps_initech00001")


@pytest.fixture
def projects():
    world = World()
    made = [world.project(partner) for partner in PARTNERS for _ in range(3)]
    for partner in Partner.objects.all():
        url = f"https://hooks.{partner.pk}.example/"
        Webhook.objects.create(partner=partner, environment="live", url=url, encrypted_secret="-", created_at=NOW)
    return made


@pytest.fixture
def watched(projects):
    """Alerts of both partners' totals and of each project."""
    for partner in Partner.objects.order_by("-pk"):
        for metric, threshold in (("ai_tokens", 3000), ("database_size_bytes", 200)):
            alerts.make(partner, "live", Wanted(metric, threshold), actor=SYSTEM, now=NOW)
    for project in projects:
        partner = Partner.objects.get(projects=project)
        wanted = Wanted("ai_tokens", 900, project=project)
        alerts.make(partner, "live", wanted, actor=SYSTEM, now=NOW)
    return list(Alert.objects.all())


def made_up(projects, count=400):
    chosen = random.Random(3)
    for _ in range(count):
        metric, most = chosen.choice((("ai_tokens", 100), ("database_size_bytes", 90)))
        at = ago(hours=chosen.randrange(200))
        yield event(chosen.choice(projects), at=at, **{metric: chosen.randrange(1, most)})


def send_all(events, seed, size=20):
    mine = random.Random(seed).sample(events, len(events))
    for start in range(0, len(mine), size):
        crossings.record(LIVE, mine[start : start + size], NOW)


def test_each_alert_fires_once_by_the_event_that_crossed_it(projects, watched, at_once):
    sent = list(made_up(projects))
    before = deadlocks()

    at_once(*[partial(send_all, sent, seed) for seed in range(6)])

    assert deadlocks() == before
    firings = list(Firing.objects.select_related("alert"))
    assert {firing.alert.pk for firing in firings if firing.period_first == FEBRUARY} == {each.pk for each in watched}
    assert Event.objects.filter(type="usage.threshold_reached").count() == len(firings) == Delivery.objects.count()
    by_key = {(each.source, each.id): each for each in sent}
    for firing in firings:
        crossed, alert = by_key[firing.source, firing.event_id], firing.alert
        assert crossed.at.astimezone(UTC).date().replace(day=1) == firing.period_first
        assert firing.amounts["before"] < alert.threshold <= firing.amounts["after"]
        if alert.metric == "ai_tokens":
            assert firing.amounts["after"] - firing.amounts["before"] == crossed.amounts["ai_tokens"]


def test_an_alert_set_beside_ingest_sees_all_that_comes_after(projects, at_once):
    """Whatever is under way counts as before: an alert is crossed by one event, or had been before it was there."""
    sent = [event(projects[0], ai_tokens=1) for _ in range(60)]
    partner = Partner.objects.get(pk=PARTNERS[0])

    def set_some():
        for threshold in range(1, 61):
            alerts.make(partner, "live", Wanted("ai_tokens", threshold), actor=SYSTEM, now=NOW)

    at_once(*[partial(send_all, sent[part::3], part, size=1) for part in range(3)], set_some)

    assert store.sum_of(GLOBEX, "ai_tokens", FEBRUARY, NOW.date()) == 60
    told = {firing.alert.threshold: firing.amounts for firing in Firing.objects.select_related("alert")}
    assert told == {each: {"before": each - 1, "after": each} for each in told}
    assert Alert.objects.count() == 60


def test_of_alerts_that_are_changed_and_deleted_meanwhile_no_ingest_breaks(projects, watched, at_once):
    sent = list(made_up(projects))

    def change():
        for alert in watched:
            alerts.change(alert, {"threshold": alert.threshold + 1}, actor=SYSTEM, now=NOW)
            alerts.remove(alert, actor=SYSTEM, now=NOW)

    before = deadlocks()
    at_once(*[partial(send_all, sent[part::3], part) for part in range(3)], change)
    assert (deadlocks(), Alert.objects.count(), Firing.objects.count()) == (before, 0, 0)
