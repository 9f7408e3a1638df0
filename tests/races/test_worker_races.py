"""Many workers at once on PostgreSQL: an operation is one worker's at a time, whatever they try."""

from collections import Counter
from datetime import timedelta
from functools import partial
from threading import Lock

import pytest
from django.db import connections
from django.utils import timezone

from partnership import lifecycle, operation_rows, operations, waiting
from partnership.events import SYSTEM
from partnership.models import Operation, Project
from tests.partnership.drivers import Scripted, install

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

OPEN = ("pending", "running")


class Counting(Scripted):
    """Counts who is inside a verb of which project, and with how many others."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()
        self.inside: Counter[str] = Counter()
        self.begun: Counter[str] = Counter()
        self.most = 0

    def __getattr__(self, verb):
        plain = super().__getattr__(verb)

        def counted(spec, step, state):
            with self.lock:
                self.inside[spec.project_id] += 1
                self.begun[spec.project_id] += 1
                self.most = max(self.most, self.inside[spec.project_id])
            try:
                return plain(spec, step, state)
            finally:
                with self.lock:
                    self.inside[spec.project_id] -= 1

        return counted


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch):
    passed = iter(range(10_000_000))
    monkeypatch.setattr(waiting, "sleep", lambda _seconds: None)
    monkeypatch.setattr(waiting, "clock", lambda: float(next(passed)))


@pytest.fixture
def driver(monkeypatch):
    return install(monkeypatch, Counting())


def work_until_idle() -> None:
    while operations.run_due(timezone.now()):
        pass


def test_eight_workers_run_each_of_forty_operations_once(globex, driver, at_once):
    for number in range(40):
        globex.sync(f"Shop {number}")
    at_once(*[work_until_idle] * 8)
    assert set(driver.begun.values()) == {1}
    assert (len(driver.begun), driver.most) == (40, 1)
    assert list(Operation.objects.values_list("status", "attempts").distinct()) == [("succeeded", 1)]


def test_twenty_workers_after_one_operation_are_one(globex, driver, at_once):
    globex.sync()
    now = timezone.now()
    claims = at_once(*[partial(operation_rows.claim_due, now)] * 20)
    assert len([claim for claim in claims if claim]) == 1


def test_twenty_workers_after_a_dead_worker_are_one(globex, driver, at_once):
    globex.sync()
    dead = operation_rows.claim_due(timezone.now())
    later = timezone.now() + timedelta(seconds=31)
    (heir,) = filter(None, at_once(*[partial(operation_rows.claim_due, later)] * 20))
    assert heir.fence == dead.fence + 1
    assert not operation_rows.renew(dead, later)
    assert not operation_rows.put_off(dead, until=later, state={})


def test_twenty_changes_of_one_project_at_once_begin_one_operation(globex, driver, at_once):
    globex.sync()
    work_until_idle()

    def ask(type_: Operation.Type) -> str:
        try:
            begun = lifecycle.change(Project.objects.get(), type_, actor=SYSTEM, now=timezone.now())
        except Exception as refusal:
            return type(refusal).__name__
        finally:
            connections.close_all()
        return str(begun.pk)

    types = (Operation.Type.PAUSE, Operation.Type.DELETE)
    told = at_once(*[partial(ask, types[number % 2]) for number in range(20)])
    (open_one,) = Operation.objects.filter(status__in=OPEN)
    assert Counter(told) == {str(open_one.pk): 10, "OperationInProgress": 10}


def test_a_settled_result_is_not_settled_again_by_many(globex, driver, at_once):
    globex.sync()
    held = operation_rows.claim_due(timezone.now())
    settle = partial(operation_rows.settle, held, operation_rows.Result(), timezone.now())
    assert sorted(at_once(*[settle] * 10)) == [False] * 9 + [True]
