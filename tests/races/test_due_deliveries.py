"""What a long backlog costs, by PostgreSQL's own count; and an endpoint that hangs, with several workers at once."""

import json
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.statements import fetch_one
from partnership import deliveries
from partnership.due_deliveries import find_due, turns
from partnership.models import Delivery, Webhook
from tests import receivers
from tests.partnership.hooks import add_backlog, hook

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

BACKLOG = 10_000


@pytest.fixture(autouse=True)
def loopback_allowed(settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = True


@pytest.fixture
def behind(globex, receiver):
    """An endpoint with a long backlog."""
    webhook = Webhook.objects.get(pk=hook(globex, receiver).id)
    add_backlog(webhook, BACKLOG)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE partnership_delivery")
    return webhook


def fail(outcome):
    delivery = deliveries.claim_due(timezone.now())
    deliveries.settle(delivery, deliveries.Report(outcome), timezone.now())


def rows_written():
    """Of deliveries and endpoints, by this connection since some time."""
    return fetch_one(
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::int FROM pg_stat_xact_user_tables "
        "WHERE relname IN ('partnership_delivery', 'partnership_webhook')"
    )[0]


@pytest.mark.parametrize("outcome", [Delivery.Outcome.TIMEOUT, Delivery.Outcome.STATUS])
def test_a_failed_attempt_writes_as_much_whatever_waits_behind_it(behind, outcome):
    with transaction.atomic():
        before = rows_written()
        fail(outcome)
        assert rows_written() - before <= 4  # the lease, what came of it, since when it fails, until when it rests


def read_rows(plan):
    """Of deliveries, by every step of a plan."""
    own = plan.get("Actual Rows", 0) + plan.get("Rows Removed by Filter", 0)
    mine = own * plan["Actual Loops"] if plan.get("Relation Name") == "partnership_delivery" else 0
    return mine + sum(read_rows(step) for step in plan.get("Plans", ()))


def explained(rows):
    return json.loads(rows.explain(format="json", analyze=True))[0]["Plan"]


@pytest.mark.parametrize("outcome", [Delivery.Outcome.TIMEOUT, Delivery.Outcome.STATUS])
def test_whose_turn_it_is_is_read_from_indexes_and_few_rows(globex, receiver, behind, outcome):
    fail(outcome)
    other = Webhook.objects.get(pk=hook(globex, receiver).id)
    add_backlog(other, 1)
    now = timezone.now()
    plan = explained(turns(now))
    assert (read_rows(plan) < 20, "Seq Scan" in found(plan)) == (True, False)
    due = find_due(now)
    assert {each.webhook_id for each in due} == {other.pk} | ({behind.pk} - resting(outcome, behind))
    assert read_rows(explained(due)) <= 2


def resting(outcome, webhook):
    return {webhook.pk} if outcome == Delivery.Outcome.TIMEOUT else set()


def found(plan):
    """The ways by which deliveries are read."""
    is_read = plan.get("Relation Name") == "partnership_delivery" and plan["Actual Loops"]
    mine = {plan["Node Type"]} if is_read else set()
    return mine.union(*[found(step) for step in plan.get("Plans", ())])


def test_four_workers_and_one_that_hangs(globex, receiver, monkeypatch, at_once):
    monkeypatch.setattr(deliveries, "TIMEOUT_SECONDS", 0.3)
    receiver.behave = receivers.slow(2)
    with receivers.receiving() as quick:
        hung, other = (Webhook.objects.get(pk=hook(globex, each).id) for each in (receiver, quick))
        add_backlog(hung, 50)
        add_backlog(other, 50)
        at_once(*[partial(deliveries.deliver_due, timezone.now())] * 4)
        while deliveries.deliver_due(timezone.now()):
            pass
        assert (len(quick.got), len(receiver.got)) == (50, 1)
    assert hung.deliveries.filter(attempts=0).count() == 49
