"""Metering from many connections at once: nothing twice, nothing lost, no deadlock."""

import random
import time
from datetime import date, timedelta
from functools import partial

import pytest
from django.db import connection

from tests.usage.world import LIVE, NOW, World, ago, event, read_by, void
from usage.metrics import NAMES
from usage.models import IngestGate
from usage.sql_store import gate, store
from usage.store import Owner, Verdict

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
GLOBEX = Owner("partner", "ps_globex000001")
TODAY = NOW.date()
FIRST = TODAY - timedelta(days=30)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    read_by(monkeypatch, lambda: NOW)
    IngestGate.objects.update(generation_began_at=NOW, first_open_day=gate.NOTHING_CLOSED, generation=1)
    gate.guard(gate.NOTHING_CLOSED)
    yield
    gate.guard(gate.NOTHING_CLOSED)


@pytest.fixture
def projects():
    world = World()
    return [world.project() for _ in range(4)]


@pytest.fixture
def sent(projects):
    """Events of some days, every metric among them."""
    chosen = random.Random(8)
    return [
        event(chosen.choice(projects), at=ago(hours=chosen.randrange(24 * 20)), **{chosen.choice(NAMES): number + 1})
        for number in range(600)
    ]


def deadlocks():
    """By the server's own counter, after all that ended has told it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def send_all(events, seed, size=40):
    """Verdicts of a worker that sends everything in its own order."""
    mine = random.Random(seed).sample(events, len(events))
    return [
        verdict
        for start in range(0, len(mine), size)
        for verdict in store.record(LIVE, mine[start : start + size], NOW)
    ]


def check(events, taken=()):
    """Every project's days are what the distinct events add up to."""
    assert store.recompute(FIRST, TODAY, repair=False) == []
    gone = {(back.voids_source, back.voids_id) for back in taken}
    left = [each for each in events if (each.source, each.id) not in gone]
    for name in NAMES[2:]:
        expected = sum(each.amounts.get(name, 0) for each in left)
        assert store.owner_total(GLOBEX, FIRST, TODAY)[name] == expected


def test_trap_01_eight_with_the_same_events_in_other_orders_never_deadlock(projects, sent, at_once):
    before = deadlocks()
    verdicts = at_once(*[partial(send_all, sent, seed) for seed in range(8)])
    told = [verdict for of_one in verdicts for verdict in of_one]
    assert set(told) == {Verdict.ACCEPTED, Verdict.DUPLICATE}
    assert told.count(Verdict.ACCEPTED) == len(sent)
    assert deadlocks() == before
    check(sent)


def test_trap_02_the_same_batch_at_once_counts_once(projects, sent, at_once):
    verdicts = at_once(*[partial(send_all, sent, seed, size=600) for seed in range(2)])
    assert sum(of_one.count(Verdict.ACCEPTED) for of_one in verdicts) == len(sent)
    check(sent)


def test_voids_beside_ingest_take_back_once(projects, sent, at_once):
    send_all(sent, 0)
    taken = [void(each) for each in sent[::3]]
    more = [event(each.project, at=each.at, **each.amounts) for each in sent]
    before = deadlocks()
    *verdicts, _, _ = at_once(
        *[partial(send_all, taken, seed, size=30) for seed in range(3)],
        *[partial(send_all, more, seed) for seed in range(2)],
    )
    assert sum(of_one.count(Verdict.ACCEPTED) for of_one in verdicts) == len(taken)
    assert deadlocks() == before
    check([*sent, *more], taken)


def test_trap_09_closing_beside_ingest_loses_nothing(projects, at_once):
    chosen = random.Random(9)
    sums = [event(chosen.choice(projects), at=ago(days=chosen.randrange(30)), ai_tokens=1 + n) for n in range(400)]

    def close():
        time.sleep(0.05)
        store.close_before(date(2026, 2, 1), NOW)

    at_once(*[partial(send_all, sums, seed, size=10) for seed in range(4)], close)
    frozen = store.owner_total(GLOBEX, FIRST, TODAY)["ai_tokens"]
    posted = sum(each.amounts["ai_tokens"] for each in store.adjustments(GLOBEX, FIRST, TODAY))
    assert frozen + posted == sum(each.amounts["ai_tokens"] for each in sums)
    assert store.recompute(FIRST, TODAY, repair=False) == []


def test_trap_05_turning_the_generation_beside_ingest_counts_nothing_twice(projects, sent, at_once):
    IngestGate.objects.update(generation_began_at=ago(days=41))
    verdicts = at_once(
        *[partial(send_all, sent, seed, size=10) for seed in range(4)], lambda: store.keep_house(NOW) and []
    )
    assert sum(of_one.count(Verdict.ACCEPTED) for of_one in verdicts if isinstance(of_one, list)) == len(sent)
    assert IngestGate.objects.get().generation == 2
    check(sent)


def test_summing_up_beside_ingest_forgets_nothing(projects, sent, at_once):
    def keep():
        return [store.keep_house(NOW) for _ in range(10)]

    before = deadlocks()
    at_once(*[partial(send_all, sent, seed, size=10) for seed in range(3)], keep, keep)
    assert deadlocks() == before
    check(sent)
    summed = store.owner_days(GLOBEX, FIRST, TODAY)
    store.keep_house(NOW)
    assert store.owner_days(GLOBEX, FIRST, TODAY) == summed
    check(sent)


def test_trap_29_repair_beside_ingest_ends_at_the_truth(projects, sent, at_once):
    send_all(sent[:300], 0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE usage_daily SET ai_tokens = ai_tokens + 5, database_size_bytes = 1")
        cursor.execute("DELETE FROM usage_daily WHERE project_id = %s", [projects[0]])

    def repair():
        return [len(store.recompute(FIRST, TODAY, repair=True)) for _ in range(5)]

    *_, found = at_once(*[partial(send_all, sent, seed, size=20) for seed in range(3)], repair)
    assert found[0] > 0
    check(sent)


def test_trap_03_a_batch_writes_the_day_of_a_hot_project_once(projects, at_once):
    """What four writers queue behind is one change a batch, however many events are in it."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE written (day date)")
        cursor.execute(
            "CREATE FUNCTION note_written() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN INSERT INTO written VALUES (NEW.day); RETURN NULL; END$$"
        )
        cursor.execute(
            "CREATE TRIGGER noted AFTER INSERT OR UPDATE ON usage_daily FOR EACH ROW EXECUTE FUNCTION note_written()"
        )
    try:
        hot = [[event(projects[0], mcp_calls=1) for _ in range(500)] for _ in range(4)]
        at_once(*[partial(send_all, of_one, seed, size=500) for seed, of_one in enumerate(hot)])
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM written")
            assert cursor.fetchone()[0] == 4
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION note_written CASCADE")
            cursor.execute("DROP TABLE written")
    check([each for of_one in hot for each in of_one])
