"""Workers, partners and facts at the same time: no delivery twice at once, none out of order, no deadlock."""

import json
import threading
import time
from collections import Counter, defaultdict
from functools import partial

import pytest
from django.utils import timezone

from partnership import deliveries, events, operations, waiting, webhooks
from partnership.models import Delivery, Event, Project, Webhook
from tests import receivers
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient
from tests.partnership.hooks import hook

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture(autouse=True)
def at_home(settings, tmp_path, monkeypatch):
    settings.EMBEDDED_PROJECTS = tmp_path / "projects"
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    monkeypatch.setattr(waiting, "sleep", lambda _seconds: operations.run_due(timezone.now()))


@pytest.fixture
def hooked(globex):
    with receivers.receiving() as receiver:
        yield hook(globex, receiver)


@pytest.fixture
def projects(globex):
    """Three projects, made before anybody listened."""
    return [Project.objects.get(pk=globex.sync(f"Shop {number}")["project"]["id"]) for number in range(3)]


def happen(project, times):
    """`times` facts of one project, told apart by their number."""
    for number in range(times):
        events.of_project("project.paused", project, actor=events.SYSTEM, now=timezone.now(), data={"number": number})


def work(rounds=30):
    """A worker that goes round while there may be something due."""
    for _ in range(rounds):
        if not deliveries.deliver_due(timezone.now()):
            time.sleep(0.02)


def numbers_by_project(receiver):
    told = defaultdict(list)
    for _, body in receiver.got:
        data = json.loads(body)["data"]
        told[data["project"]["id"]].append(data["number"])
    return told


class OneAtATime:
    """Answers after a moment, and notices if a message is there twice at once."""

    def __init__(self):
        self.lock, self.under_way, self.doubled = threading.Lock(), Counter(), []

    def __call__(self, handler):
        name = handler.headers["webhook-id"]
        with self.lock:
            self.under_way[name] += 1
            if self.under_way[name] > 1:
                self.doubled.append(name)
        time.sleep(0.02)
        with self.lock:
            self.under_way[name] -= 1
        receivers.status(200)(handler)


def test_four_workers_send_each_delivery_once_and_in_order(projects, hooked, at_once):
    hooked.receiver.behave = behave = OneAtATime()
    for project in projects:
        happen(project, 10)
    at_once(*[work] * 4)
    assert (behave.doubled, len(hooked.receiver.got)) == ([], 30)
    assert set(map(tuple, numbers_by_project(hooked.receiver).values())) == {tuple(range(10))}
    assert set(Delivery.objects.values_list("status", "attempts")) == {("delivered", 1)}


def test_facts_and_workers_at_once_keep_the_order(projects, hooked, at_once):
    at_once(*[partial(happen, project, 10) for project in projects], work, work)
    work()
    assert set(map(tuple, numbers_by_project(hooked.receiver).values())) == {tuple(range(10))}
    assert len(hooked.receiver.got) == 30


def test_one_due_delivery_is_claimed_by_one_of_eight(projects, hooked, at_once):
    happen(projects[0], 3)
    claimed = at_once(*[partial(deliveries.claim_due, timezone.now())] * 8)
    assert [each.event.data["number"] for each in claimed if each] == [0]


def again(call, owner, path, *body):
    """The same call, over and over, from a client of its own."""
    wire = PartnerClient(owner.partner, GLOBEX_SECRET)
    return {getattr(wire, call)(path, *body).status for _ in range(8)}


def test_facts_workers_and_changes_at_once_wait_in_no_ring(projects, hooked, at_once):
    span = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    hooked.receiver.behave = receivers.status(500)
    patch = partial(PartnerClient(hooked.owner.partner, GLOBEX_SECRET).ask, "PATCH", hooked.path)
    answers = at_once(
        *[partial(happen, project, 8) for project in projects],
        partial(work, 10),
        partial(work, 10),
        partial(again, "post", hooked.owner, f"{hooked.path}/rotate-secret"),
        partial(again, "post", hooked.owner, f"{hooked.path}/replay", span),
        lambda: {patch({"is_enabled": number % 2 == 0}).status for number in range(9)},
    )
    assert set().union(*answers[5:]) <= {200, 202, 409}
    assert Event.objects.filter(type="project.paused").count() == 24


@pytest.mark.parametrize("round_", range(5))
def test_deleting_an_endpoint_spoils_no_fact(projects, hooked, at_once, round_):
    delete = partial(PartnerClient(hooked.owner.partner, GLOBEX_SECRET).delete, hooked.path)
    *_, deleted = at_once(*[partial(happen, project, 8) for project in projects], partial(work, 3), delete)
    assert (deleted.status, Webhook.objects.count(), Delivery.objects.count()) == (200, 0, 0)
    assert Event.objects.filter(type="project.paused").count() == 24


def test_an_endpoint_is_switched_off_once(projects, hooked, at_once):
    webhook = Webhook.objects.get()
    off = at_once(*[partial(webhooks.disable, webhook, "failing", now=timezone.now())] * 8)
    assert sorted(off) == [False] * 7 + [True]
    assert Event.objects.filter(type="webhook.disabled").count() == 1


def test_ten_endpoints_are_the_most_for_parallel_calls_too(globex, at_once):
    body = {"url": "https://hooks.globex.example/in"}
    answers = at_once(*[lambda: PartnerClient(globex.partner, GLOBEX_SECRET).post("webhooks", body).status] * 16)
    assert Counter(answers) == {201: 10, 422: 6}
