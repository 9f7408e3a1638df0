"""The outbox while ingests, voids and several workers are at it: each event goes at least once, no batch to two."""

from collections import Counter
from functools import partial
from threading import Lock

import pytest
from django.utils import timezone

from tests.usage.world import LIVE, NOW, World, event, read_by, void
from usage.clickhouse_store import copying
from usage.models import IngestGate
from usage.sql_store import gate, outbox, store

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    read_by(monkeypatch, lambda: NOW)
    IngestGate.objects.update(generation_began_at=NOW, first_open_day=gate.NOTHING_CLOSED, generation=1)


@pytest.fixture
def shop():
    return World().project()


class Kept:
    """Keeps the rows that a ClickHouse would get."""

    def __init__(self):
        self.got, self.lock = [], Lock()

    def rows(self, statement, parameters=None):
        return []

    def insert(self, statement, rows):
        with self.lock:
            self.got += [row[5] for row in rows]  # the id


def send(events, size=3):
    for start in range(0, len(events), size):
        store.record(LIVE, events[start : start + size], NOW)


def test_no_batch_goes_to_two_workers(shop, at_once):
    events = [event(shop, id_=f"e{number}") for number in range(300)]
    outbox.begin()
    outbox.remove(outbox.claim(timezone.now(), whole=True))
    send(events)
    clickhouse = Kept()

    at_once(*[partial(copying.copy_batches, clickhouse, NOW)] * 4)

    assert Counter(clickhouse.got) == Counter(each.id for each in events)
    assert not outbox.is_waiting(*outbox.EVER)


def test_what_comes_while_it_is_turned_on_goes(shop, at_once):
    events = [event(shop, id_=f"e{number}") for number in range(400)]
    parts = [events[start::4] for start in range(4)]

    at_once(*[partial(send, part) for part in parts], outbox.begin, outbox.begin)
    clickhouse = Kept()
    while copying.copy_due(clickhouse, NOW):
        pass

    assert set(clickhouse.got) == {each.id for each in events}


def test_voids_and_workers_do_not_wait_for_each_other_for_good(shop, at_once):
    events = [event(shop, id_=f"e{number}") for number in range(120)]
    outbox.begin()
    send(events)
    clickhouse = Kept()
    backs = [void(each, id_=f"v{each.id}") for each in events]

    at_once(
        partial(send, backs[::2]),
        partial(send, backs[1::2]),
        *[partial(copying.copy_due, clickhouse, NOW)] * 2,
    )
    while copying.copy_due(clickhouse, NOW + outbox.LEASE):
        pass

    assert set(clickhouse.got) == {each.id for each in [*events, *backs]}
    assert not outbox.is_waiting(*outbox.EVER)
