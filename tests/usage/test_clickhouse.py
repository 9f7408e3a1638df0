"""Events in ClickHouse: delivered at least once, read exactly, given up by PostgreSQL when they are there."""

from datetime import timedelta

import pytest

from tests.usage.embedded_clickhouse import Away, Restless, empty
from tests.usage.world import BORN, LIVE, NOW, World, ago, event, read_by, void
from usage import waiting
from usage.clickhouse_store import ClickHouseStore, table, totals
from usage.errors import EventsUnavailable
from usage.models import Event, IngestGate, MovedGeneration, OutgoingBatch
from usage.sql_store import SqlStore, closing, outbox
from usage.store import Sender, Verdict

pytestmark = [pytest.mark.django_db, pytest.mark.clickhouse]
TODAY = NOW.date()
LATER = NOW + timedelta(days=82)
MAY = LATER.date().replace(day=1)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def store(world, time_machine, monkeypatch):
    time_machine.move_to(NOW, tick=False)
    read_by(monkeypatch, lambda: NOW)
    IngestGate.objects.update(generation_began_at=NOW)
    return Restless()


@pytest.fixture
def shop(world, store):
    return world.project()


def send(store, *events, sender=LIVE, now=NOW):
    return store.record(sender, events, now)


def ids(store, project, on=TODAY, metric="mcp_calls"):
    return [each.id for each in store.events(project, on, metric, after=None, limit=99).events]


def in_clickhouse(store):
    """The ids of the rows as they lie there, merged or not."""
    return sorted(row["id"] for row in store.clickhouse.rows("SELECT id FROM usage_event"))


def grow_old(store, *, copied=True):
    """Two generations on, the months closed: what was first is given up if ClickHouse has it."""
    if copied:
        store.settle(NOW)
    for days in (41, 82):
        store.keep_house(NOW + timedelta(days=days))
    store.close_before(MAY, LATER)
    assert store.forget(BORN.date()) == 0


class TestDelivery:
    def test_what_was_counted_waits_until_it_is_there(self, store, shop):
        send(store, event(shop, id_="a"), event(shop, id_="b", at=ago(days=3)))
        send(store, event(shop, id_="c"))
        assert outbox.is_waiting(TODAY, TODAY)
        assert ids(store, shop) == ["c", "a"]

        store.settle(NOW)

        assert not outbox.is_waiting(*outbox.EVER)
        assert ids(store, shop) == ["c", "a"]
        assert in_clickhouse(store) == ["a", "b", "c"]

    def test_what_was_refused_or_repeated_does_not_go(self, store, shop):
        one = event(shop, id_="a")
        send(store, one, one, event(shop, id_="early", at=ago(hours=-1)))
        send(store, one)
        assert OutgoingBatch.objects.count() == 1

    def test_a_kill_between_insert_and_mark_doubles_nothing(self, store, shop):
        send(store, event(shop, id_="a", mcp_calls=3))
        store.copy("cut_off", NOW)
        assert outbox.is_waiting(TODAY, TODAY)

        store.copy("once", NOW)

        assert in_clickhouse(store) == ["a", "a"]
        assert ids(store, shop) == ["a"]
        assert totals.cells(store.clickhouse, TODAY)[shop, TODAY]["mcp_calls"] == 3

    def test_a_batch_that_is_leased_is_nobody_else_s(self, store, shop):
        send(store, event(shop))
        assert len(outbox.claim(NOW)) == 1
        assert outbox.claim(NOW + outbox.LEASE - timedelta(seconds=1)) == []
        assert len(outbox.claim(NOW + outbox.LEASE)) == 1

    def test_an_old_copy_that_comes_last_brings_nothing_back(self, store, shop):
        one = event(shop, id_="a")
        send(store, one)
        store.copy("stall", NOW)
        assert send(store, void(one, id_="v")) == [Verdict.ACCEPTED]
        store.copy("once", NOW)

        store.copy("arrive", NOW)

        assert not outbox.is_waiting(*outbox.EVER)
        assert ids(store, shop) == []
        assert set(in_clickhouse(store)) == {"a", "v"}

    def test_what_is_taken_back_after_it_has_arrived_goes_anew(self, store, shop):
        one = event(shop, id_="a")
        send(store, one, event(shop, id_="b"))
        store.settle(NOW)
        send(store, void(one))
        assert ids(store, shop) == ["b"]

        store.settle(NOW)

        assert ids(store, shop) == ["b"]
        assert totals.cells(store.clickhouse, TODAY)[shop, TODAY]["mcp_calls"] == 1

    def test_a_void_goes_too_and_says_what_it_takes_back(self, store, shop):
        one = event(shop, id_="a")
        send(store, one, void(one, id_="v"))
        store.settle(NOW)
        [row] = store.clickhouse.rows(
            "SELECT * FROM usage_event FINAL WHERE project_id = {p:UUID}", {"p": table.NOBODY}
        )
        assert (row["id"], row["voids_source"], row["voids_id"]) == ("v", "/edge", "a")

    def test_nothing_is_lost_while_clickhouse_is_away(self, store, shop):
        away = ClickHouseStore(Away())
        assert send(away, event(shop, id_="a")) == [Verdict.ACCEPTED]
        with pytest.raises(EventsUnavailable):
            away.copy_due(NOW)
        assert ids(away, shop) == ["a"]
        assert waiting.longest_seconds(NOW + timedelta(days=300_000)) > 0

        store.copy("once", NOW)

        assert in_clickhouse(store) == ["a"]

    def test_while_it_is_away_postgresql_answers_for_what_has_arrived(self, store, shop):
        send(store, event(shop, id_="a"))
        store.settle(NOW)
        assert ids(ClickHouseStore(Away()), shop) == ["a"]

    def test_pages_go_on_where_they_are_continued(self, store, shop):
        """The first from PostgreSQL, the next from ClickHouse: all of one instant, in one order."""
        odd = ["A", "a", "é", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "6b8b4567-327b-43c6-a0de-1f3b5c6d7e8f", "\\'"]
        send(store, *[event(shop, id_=id_, source=source) for id_ in odd for source in ("/edge", "/EDGE", "/é")])
        whole = SqlStore().events(shop, TODAY, "mcp_calls", after=None, limit=99).events
        for limit in range(1, len(whole)):
            first = SqlStore().events(shop, TODAY, "mcp_calls", after=None, limit=limit)
            store.settle(NOW)
            rest = store.events(shop, TODAY, "mcp_calls", after=first.next, limit=99)
            assert [*first.events, *rest.events] == whole


class TestTurningOn:
    def test_what_was_there_before_goes_by_and_by(self, world, store, monkeypatch):
        monkeypatch.setattr(outbox, "EVENTS_AT_ONCE", 2)
        outbox.end()
        shop = world.project()
        before = [event(shop, id_=f"b{number}") for number in range(5)]
        send(store, *before, void(before[0], id_="v"))
        assert OutgoingBatch.objects.count() == 0
        assert ids(store, shop) == ["b4", "b3", "b2", "b1"]

        late = ClickHouseStore(empty())
        assert late.copy_due(NOW) == 2
        send(late, event(shop, id_="n"))
        assert ids(late, shop) == ["n", "b4", "b3", "b2", "b1"]
        while late.copy_due(NOW):
            pass

        assert not outbox.is_waiting(*outbox.EVER)
        assert set(in_clickhouse(late)) == {"b0", "b1", "b2", "b3", "b4", "n", "v"}
        assert ids(late, shop) == ["n", "b4", "b3", "b2", "b1"]

    def test_a_part_that_was_cut_off_goes_again(self, world, store, monkeypatch):
        monkeypatch.setattr(outbox, "EVENTS_AT_ONCE", 2)
        outbox.end()
        shop = world.project()
        send(store, *[event(shop, id_=f"b{number}") for number in range(3)])
        outbox.begin()
        [batch] = outbox.claim(NOW, whole=True)
        table.put(store.clickhouse, outbox.next_events_of(batch))

        store.settle(NOW + outbox.LEASE)

        assert ids(store, shop) == ["b2", "b1", "b0"]

    def test_what_a_restored_database_knows_nothing_of_is_not_read(self, store, shop):
        send(store, event(shop, id_="old"))
        grow_old(store)
        send(store, event(shop, id_="a", at=LATER), now=LATER)
        store.settle(LATER)
        outbox.end()
        Event.objects.all().delete()

        store.settle(LATER)

        assert in_clickhouse(store) == ["old"]
        assert (ids(store, shop, LATER.date()), ids(store, shop)) == ([], ["old"])

    def test_turned_off_the_database_answers_alone(self, store, shop):
        send(store, event(shop, id_="a"))
        assert outbox.end() == 1
        send(SqlStore(), event(shop, id_="b"))
        assert ids(SqlStore(), shop) == ids(store, shop) == ["b", "a"]
        assert OutgoingBatch.objects.count() == 0


class TestGivingUp:
    def test_a_finished_generation_is_in_clickhouse_alone_and_reads_the_same(self, store, shop):
        two = event(shop, id_="b", mcp_calls=7)
        send(store, event(shop, id_="a"), two, void(two))
        grow_old(store)

        assert MovedGeneration.objects.count() == 1
        assert Event.objects.count() == 0
        assert ids(store, shop) == ["a"]
        assert store.recompute(TODAY, TODAY, repair=True) == []
        assert store.oldest_event_day() < TODAY < SqlStore().oldest_event_day()

    @pytest.mark.parametrize("missing", ["a", "b"])
    def test_it_is_kept_and_goes_again_unless_all_of_it_is_there(self, store, shop, missing):
        send(store, event(shop, id_="a"), event(shop, id_="b", mcp_calls=7))
        store.settle(NOW)
        store.clickhouse.rows("DELETE FROM usage_event WHERE id = {id:String}", {"id": missing})
        grow_old(store, copied=False)
        assert (MovedGeneration.objects.count(), Event.objects.count()) == (0, 2)
        assert ids(store, shop) == ["b", "a"]

        store.settle(LATER)
        store.forget(BORN.date())

        assert (MovedGeneration.objects.count(), Event.objects.count()) == (1, 0)
        assert ids(store, shop) == ["b", "a"]

    def test_it_is_kept_while_anything_of_its_days_is_on_its_way(self, store, shop):
        send(store, event(shop, id_="a"))
        store.settle(NOW)
        store.keep_house(NOW + timedelta(days=41))
        send(store, event(shop, id_="late"), now=NOW + timedelta(days=30))
        grow_old(store, copied=False)
        assert MovedGeneration.objects.count() == 0

        store.settle(LATER)
        store.forget(BORN.date())

        assert MovedGeneration.objects.count() == 1
        assert ids(store, shop) == ["late", "a"], "of two generations, one of which PostgreSQL has too"

    def test_it_is_kept_while_its_month_is_open(self, store, shop):
        send(store, event(shop))
        store.settle(NOW)
        for days in (41, 82):
            store.keep_house(NOW + timedelta(days=days))
        store.forget(BORN.date())
        assert MovedGeneration.objects.count() == 0

    def test_what_clickhouse_loses_afterwards_is_found(self, store, shop):
        send(store, event(shop, id_="a", mcp_calls=7), event(shop, id_="b"))
        grow_old(store)
        store.clickhouse.rows("DELETE FROM usage_event WHERE id = 'a'")
        [found] = store.recompute(TODAY, TODAY, repair=True)
        assert (found.project, found.on, found.metric, found.stored, found.from_events) == (
            shop,
            TODAY,
            "mcp_calls",
            8,
            1,
        )

    def test_its_days_can_not_be_read_while_clickhouse_is_away(self, store, shop):
        send(store, event(shop))
        grow_old(store)
        with pytest.raises(EventsUnavailable):
            ids(ClickHouseStore(Away()), shop)

    def test_past_its_retention_it_is_nowhere(self, store, shop):
        send(store, event(shop, id_="a"))
        grow_old(store)
        assert store.forget(TODAY) == 0
        assert store.forget(TODAY + timedelta(days=1)) == 1
        assert in_clickhouse(store) == []
        assert (ids(store, shop), store.oldest_event_day()) == ([], TODAY + timedelta(days=1))

    def test_what_comes_late_of_a_forgotten_generation_does_not_stay(self, store, shop):
        send(store, event(shop, id_="a"))
        held_up = outbox.events_of(outbox.claim(NOW))
        grow_old(store)
        assert store.forget(TODAY + timedelta(days=1)) == 1
        table.put(store.clickhouse, held_up)
        assert in_clickhouse(store) == ["a"]
        assert ids(store, shop) == []
        store.forget(TODAY)
        assert in_clickhouse(store) == []


class TestVoidsOfWhatWasGivenUp:
    @pytest.fixture
    def old(self, store, shop):
        """An event with a sum, which ClickHouse alone has, and one with a peak."""
        sum_, peak = event(shop, id_="a", mcp_calls=7), event(shop, id_="p", database_size_bytes=5)
        send(store, sum_, peak)
        grow_old(store)
        return sum_, peak

    def test_it_is_taken_back_once_as_an_adjustment(self, store, shop, old):
        back = void(old[0], at=LATER)
        assert send(store, back, now=LATER) == [Verdict.ACCEPTED]
        assert send(store, back, void(old[0], at=LATER), now=LATER) == [Verdict.DUPLICATE, Verdict.ALREADY_VOIDED]
        [posted] = store.adjustments(shop, MAY, LATER.date())
        assert (posted.original_day, posted.is_void, posted.amounts["mcp_calls"]) == (TODAY, True, -7)
        assert ids(store, shop) == ["a"], "its day is closed and keeps its number"

    def test_still_once_when_the_void_s_own_generation_is_given_up(self, store, old):
        send(store, void(old[0], at=LATER), now=LATER)
        store.settle(LATER)
        much_later = LATER + timedelta(days=100)
        for days in (41, 82):
            store.keep_house(LATER + timedelta(days=days))
        store.close_before(much_later.date().replace(day=1), much_later)
        store.forget(BORN.date())
        assert MovedGeneration.objects.count() == 2
        assert send(store, void(old[0], at=much_later), now=much_later) == [Verdict.ALREADY_VOIDED]

    def test_a_peak_stays(self, store, old):
        assert send(store, void(old[1], at=LATER), now=LATER) == [Verdict.CLOSED_PERIOD]

    def test_it_is_its_sender_s_alone(self, store, old):
        other = Sender(7, "live")
        assert send(store, void(old[0], at=LATER), sender=other, now=LATER) == [Verdict.UNKNOWN_EVENT]

    def test_nobody_s_id_is_unknown(self, store, shop, old):
        assert send(store, void(event(shop), at=LATER), now=LATER) == [Verdict.UNKNOWN_EVENT]

    def test_while_clickhouse_is_away_the_batch_is_to_be_sent_again(self, store, shop, old):
        away = ClickHouseStore(Away())
        batch = event(shop, id_="n", at=LATER), void(old[0], at=LATER)
        with pytest.raises(EventsUnavailable):
            send(away, *batch, now=LATER)
        assert send(store, *batch, now=LATER) == [Verdict.DUPLICATE, Verdict.ACCEPTED]

    def test_what_is_here_is_taken_back_without_clickhouse(self, store, shop, old):
        one = event(shop, at=LATER)
        assert send(ClickHouseStore(Away()), one, void(one, at=LATER), now=LATER) == [Verdict.ACCEPTED] * 2

    def test_forgotten_it_is_unknown_though_a_worker_brings_it_late(self, store, shop):
        one, next_month = event(shop), NOW + timedelta(days=41)
        send(store, one)
        held_up = outbox.events_of(outbox.claim(NOW))
        store.keep_house(next_month)
        send(store, event(shop, at=next_month), now=next_month)
        for days in (82, 123):
            store.keep_house(NOW + timedelta(days=days))
        end = NOW + timedelta(days=123)
        store.close_before(end.date().replace(day=1), end)
        for _ in range(2):
            store.settle(end)
            store.forget(BORN.date())
        assert store.forget(TODAY + timedelta(days=1)) == 1
        table.put(store.clickhouse, held_up)

        assert MovedGeneration.objects.count() == 1
        assert send(store, void(one, at=end), now=end) == [Verdict.UNKNOWN_EVENT]


def test_closing_knows_no_moved_days_at_first(store):
    assert closing.moved() == []
    assert closing.moved_before() == closing.NOTHING_CLOSED
