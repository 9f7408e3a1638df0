"""What a `UsageStore` promises, of the model in memory and of the one in SQL alike."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.usage.clickhouse_front import front
from tests.usage.embedded_clickhouse import Prompt, empty
from tests.usage.model_store import ModelStore
from tests.usage.world import BORN, LIVE, NOW, TEST, World, ago, event, organization, read_by, void
from usage import sql_store
from usage.clickhouse_store.server import HttpClickHouse
from usage.metrics import NAMES, PEAKS, fold, zero
from usage.models import IngestGate
from usage.store import Owner, Sender, Verdict

pytestmark = pytest.mark.django_db
GLOBEX = Owner("partner", "ps_globex000001")
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
GIB = 2**30


@pytest.fixture
def world():
    return World()


IN_CLICKHOUSE = [pytest.param(name, marks=pytest.mark.clickhouse) for name in ("clickhouse", "clickhouse over http")]


@pytest.fixture(params=["model", "sql", *IN_CLICKHOUSE])
def store(request, world, time_machine, monkeypatch):
    time_machine.move_to(NOW, tick=False)
    read_by(monkeypatch, timezone.now)
    if request.param == "model":
        return ModelStore(world.known, began_at=NOW)
    IngestGate.objects.update(generation_began_at=NOW)
    if request.param == "clickhouse over http":
        empty()
        return Prompt(HttpClickHouse(request.getfixturevalue("http_address")))
    return Prompt() if request.param == "clickhouse" else sql_store.store


@pytest.fixture(scope="module")
def http_address():
    with front() as address:
        yield address


@pytest.fixture
def shop(world, store):
    return world.project()


def send(store, *events, sender=LIVE, now=NOW):
    return store.record(sender, events, now)


def cells(**amounts):
    return {**zero(), **amounts}


def on(store, project, day):
    """The amounts of a day that are not zero."""
    rows = store.daily(project, day, day)
    return {name: amount for row in rows for name, amount in row.amounts.items() if amount}


class TestCounting:
    def test_an_event_counts_on_its_day(self, store, shop):
        verdicts = send(store, event(shop, ai_tokens=5, database_size_bytes=GIB), event(shop, ai_tokens=2))
        assert verdicts == [Verdict.ACCEPTED] * 2
        assert on(store, shop, TODAY) == {"ai_tokens": 7, "database_size_bytes": GIB}

    def test_no_events_are_no_verdicts(self, store, shop):
        assert send(store) == []

    def test_of_peaks_the_highest_sample_counts(self, store, shop):
        send(store, event(shop, database_size_bytes=5), event(shop, database_size_bytes=9))
        send(store, event(shop, database_size_bytes=7))
        assert on(store, shop, TODAY) == {"database_size_bytes": 9}

    def test_every_metric_is_kept_exactly(self, store, shop):
        amounts = {name: 2**53 - 1 - number for number, name in enumerate(NAMES)}
        send(store, event(shop, **amounts))
        assert on(store, shop, TODAY) == amounts

    def test_a_repeat_is_a_duplicate(self, store, shop):
        one = event(shop)
        assert send(store, one) == [Verdict.ACCEPTED]
        assert send(store, one, one) == [Verdict.DUPLICATE] * 2
        assert on(store, shop, TODAY) == {"mcp_calls": 1}

    def test_a_repeat_in_the_same_batch_is_a_duplicate(self, store, shop):
        one = event(shop)
        assert send(store, one, event(shop), one) == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.DUPLICATE]

    def test_the_same_id_of_another_source_is_another_event(self, store, shop):
        assert send(store, event(shop, id_="1"), event(shop, id_="1", source="/cdn")) == [Verdict.ACCEPTED] * 2

    @pytest.mark.parametrize(
        "other",
        [
            {"mcp_calls": 2},
            {"ai_tokens": 1},
            {"mcp_calls": 1, "ai_tokens": 0},
            {"at": ago(seconds=1)},
            {"at": ago(days=2)},
        ],
        ids=str,
    )
    def test_trap_08_the_same_id_with_other_content_conflicts(self, store, shop, other):
        send(store, event(shop, id_="1"))
        assert send(store, event(shop, id_="1", **other)) == [Verdict.CONFLICTING_DUPLICATE]
        assert on(store, shop, TODAY) == {"mcp_calls": 1}

    def test_the_same_id_with_another_project_conflicts(self, store, shop, world):
        other = world.project()
        batch = event(shop, id_="1"), event(other, id_="1"), event(shop, id_="1")
        assert send(store, *batch) == [Verdict.ACCEPTED, Verdict.CONFLICTING_DUPLICATE, Verdict.DUPLICATE]

    def test_a_refused_event_leaves_its_id_free(self, store, shop):
        batch = event(uuid4(), id_="1"), event(shop, id_="1"), event(uuid4(), id_="1")
        assert send(store, *batch) == [Verdict.UNKNOWN_PROJECT, Verdict.ACCEPTED, Verdict.UNKNOWN_PROJECT]

    def test_trap_07_one_bad_event_spoils_no_batch(self, store, shop):
        bad = event(uuid4())
        assert send(store, event(shop), bad, event(shop)) == [
            Verdict.ACCEPTED,
            Verdict.UNKNOWN_PROJECT,
            Verdict.ACCEPTED,
        ]
        assert send(store, bad) == [Verdict.UNKNOWN_PROJECT]
        assert on(store, shop, TODAY) == {"mcp_calls": 2}

    @pytest.mark.parametrize(
        ("sender", "verdict"),
        [
            (TEST, Verdict.UNKNOWN_PROJECT),
            (Sender(3, "live", frozenset({"ps_globex000001"})), Verdict.ACCEPTED),
            (Sender(3, "live", frozenset({"ps_initech00001"})), Verdict.UNKNOWN_PROJECT),
            (Sender(3, "live", frozenset()), Verdict.UNKNOWN_PROJECT),
        ],
    )
    def test_a_sender_meters_what_it_may(self, store, shop, sender, verdict):
        assert send(store, event(shop), sender=sender) == [verdict]

    def test_trap_11_time_is_judged_by_our_clock(self, store, shop):
        batch = [
            event(shop, at=at)
            for at in (ago(minutes=-5), ago(minutes=-5, seconds=-1), ago(days=35), ago(days=35, seconds=1))
        ]
        assert send(store, *batch) == [
            Verdict.ACCEPTED,
            Verdict.TOO_EARLY,
            Verdict.ACCEPTED,
            Verdict.TOO_LATE,
        ]

    def test_trap_16_the_day_is_that_of_utc(self, store, shop):
        east = datetime.fromisoformat("2026-02-10T05:29:59.999999+05:30")
        west = datetime.fromisoformat("2026-02-09T19:00:00-05:00")
        send(store, event(shop, at=east, ai_tokens=1), event(shop, at=west, ai_tokens=10))
        assert (on(store, shop, YESTERDAY), on(store, shop, TODAY)) == ({"ai_tokens": 1}, {"ai_tokens": 10})

    def test_trap_21_a_sum_over_the_days_limit_is_refused(self, store, shop):
        most = 2**53 - 1
        assert set(send(store, *[event(shop, ai_tokens=most) for _ in range(512)])) == {Verdict.ACCEPTED}
        batch = (
            event(shop, ai_tokens=1024),
            event(shop, id_="late"),
            event(shop, ai_tokens=512),
            event(shop, ai_tokens=1),
        )
        assert send(store, *batch) == [
            Verdict.INVALID_VALUE,
            Verdict.ACCEPTED,
            Verdict.ACCEPTED,
            Verdict.INVALID_VALUE,
        ]
        assert on(store, shop, TODAY) == {"ai_tokens": 2**62, "mcp_calls": 1}
        assert send(store, event(shop, id_="late")) == [Verdict.DUPLICATE]

    def test_trap_21_a_batch_over_64_bits_is_no_error(self, store, shop):
        verdicts = send(store, *[event(shop, ai_tokens=2**53 - 1) for _ in range(1100)])
        assert verdicts == [Verdict.ACCEPTED] * 512 + [Verdict.INVALID_VALUE] * 588

    def test_trap_22_a_tenth_ten_times_is_one(self, store, shop):
        for _ in range(10):
            send(store, event(shop, ai_credits=100_000))
        assert on(store, shop, TODAY) == {"ai_credits": 1_000_000}

    @pytest.mark.parametrize(
        "id_",
        [
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "b595a663-236a-438b-a5f8-6e47db1ae6e5",
            "\u00e9",
            "e\u0301",
            "🥨" * 60,
            " ",
            "x" * 255,
            "0" * 26,
        ],
    )
    def test_trap_30_ids_are_compared_byte_for_byte(self, store, shop, id_):
        assert send(store, event(shop, id_=id_), event(shop, id_=id_.swapcase())) == [
            Verdict.ACCEPTED,
            Verdict.ACCEPTED if id_.swapcase() != id_ else Verdict.DUPLICATE,
        ]
        assert send(store, event(shop, id_=id_)) == [Verdict.DUPLICATE]
        events = store.events(shop, TODAY, "mcp_calls", after=None, limit=9).events
        assert {each.id for each in events} == {id_, id_.swapcase()}


class TestDeletion:
    def test_trap_15_what_came_before_the_deletion_counts_after_it(self, store, shop, world):
        world.delete(shop, ago(hours=1))
        batch = event(shop, at=ago(hours=1)), event(shop, at=ago(minutes=59))
        assert send(store, *batch) == [Verdict.ACCEPTED, Verdict.PROJECT_DELETED]
        assert store.owner_total(GLOBEX, TODAY, TODAY) == cells(mcp_calls=1)

    def test_a_repeat_of_what_came_before_is_a_duplicate(self, store, shop, world):
        early = event(shop, at=ago(minutes=-4))
        send(store, early)
        world.delete(shop, NOW)
        assert send(store, early) == [Verdict.DUPLICATE]

    def test_trap_15_nothing_is_carried_past_the_deletion(self, store, shop, world):
        send(store, event(shop, at=ago(days=3), database_size_bytes=7))
        world.delete(shop, ago(days=1))
        days = store.daily(shop, TODAY - timedelta(days=3), TODAY)
        assert [(day.amounts["database_size_bytes"], day.estimated) for day in days] == [
            (7, False),
            (7, True),
            (7, True),
        ]


class TestRecovery:
    """Deleted five days ago, back since the day before yesterday."""

    @pytest.fixture
    def shop(self, world, store):
        shop = world.project()
        send(store, event(shop, at=ago(days=6), database_size_bytes=7, mcp_calls=1))
        world.delete(shop, ago(days=5))
        world.recover(shop, ago(days=2))
        return shop

    def test_what_was_refused_while_it_was_gone_stays_refused(self, store, shop):
        at = [ago(days=5), ago(days=5, hours=-1), ago(days=2, seconds=1), ago(days=2), NOW]
        verdicts = send(store, *(event(shop, at=each) for each in at))
        refused = Verdict.PROJECT_DELETED
        assert verdicts == [Verdict.ACCEPTED, refused, refused, Verdict.ACCEPTED, Verdict.ACCEPTED]

    @pytest.mark.parametrize(
        ("at", "verdict"), [(ago(days=3), Verdict.PROJECT_DELETED), (ago(hours=1), Verdict.ACCEPTED)]
    )
    def test_a_batch_of_its_own_is_judged_alike(self, store, shop, at, verdict):
        assert send(store, event(shop, at=at)) == [verdict]

    def test_a_peak_is_carried_on_but_not_through_the_days_on_which_it_was_gone(self, store, shop):
        days = store.daily(shop, TODAY - timedelta(days=6), TODAY)
        assert [((TODAY - day.on).days, day.amounts["database_size_bytes"]) for day in days] == [
            (6, 7),
            (5, 7),
            (2, 7),
            (1, 7),
            (0, 7),
        ]
        of_partner = store.owner_days(GLOBEX, TODAY - timedelta(days=6), TODAY)
        assert [day.amounts["database_size_bytes"] for day in of_partner] == [7, 7, 0, 0, 7, 7, 7]
        assert [day.estimated for day in of_partner] == [False, True, False, False, True, True, True]

    def test_what_came_from_before_the_period_is_carried_into_it_once_it_is_back(self, store, shop):
        gone, back = TODAY - timedelta(days=3), TODAY - timedelta(days=2)
        assert store.owner_total(GLOBEX, gone, gone) == cells()
        assert store.owner_total(GLOBEX, gone, back) == cells(database_size_bytes=7)
        assert store.top_projects(GLOBEX, "database_size_bytes", gone, gone, 9) == []
        assert store.top_projects(GLOBEX, "database_size_bytes", gone, back, 9) == [shop]

    def test_a_sample_of_the_day_it_came_back_takes_the_place_of_the_carried_one(self, store, shop, world):
        other = world.project()
        send(store, event(shop, at=ago(days=2), database_size_bytes=3), event(other, database_size_bytes=5))
        first = TODAY - timedelta(days=4)
        assert store.top_projects(GLOBEX, "database_size_bytes", first, TODAY, 9) == [other, shop]
        assert store.owner_total(GLOBEX, first, TODAY) == cells(database_size_bytes=8)

    def test_back_on_the_next_day_or_the_same_there_is_no_day_without(self, store, world):
        shop = world.project()
        send(store, event(shop, at=ago(days=3), database_size_bytes=7))
        for deleted_at, recovered_at in [(ago(days=2), ago(days=1)), (ago(hours=3), ago(hours=2))]:
            world.delete(shop, deleted_at)
            world.recover(shop, recovered_at)
        days = store.owner_days(GLOBEX, TODAY - timedelta(days=3), TODAY)
        assert [day.amounts["database_size_bytes"] for day in days] == [7] * 4

    def test_it_may_be_deleted_again(self, store, shop, world):
        world.delete(shop, ago(days=1))
        days = store.owner_days(GLOBEX, TODAY - timedelta(days=6), TODAY)
        assert [day.amounts["database_size_bytes"] for day in days] == [7, 7, 0, 0, 7, 7, 0]
        assert send(store, event(shop)) == [Verdict.PROJECT_DELETED]


class TestReading:
    def test_a_row_for_each_day_of_its_life(self, store, world):
        project = world.project(born=ago(days=2))
        days = store.daily(project, TODAY - timedelta(days=5), TODAY + timedelta(days=5))
        assert [day.on for day in days] == [TODAY - timedelta(days=2), YESTERDAY, TODAY]

    def test_trap_13_what_was_never_sampled_is_zero(self, store, shop):
        assert {tuple(day.amounts.items()) for day in store.daily(shop, YESTERDAY, TODAY)} == {tuple(zero().items())}

    def test_an_unknown_project_has_no_days(self, store):
        assert store.daily(uuid4(), YESTERDAY, TODAY) == []

    def test_trap_12_a_day_without_a_sample_keeps_the_last_one(self, store, shop):
        send(store, event(shop, at=ago(days=20), database_size_bytes=9, ai_tokens=1))
        send(store, event(shop, at=ago(days=1), database_size_bytes=4))
        days = store.daily(shop, TODAY - timedelta(days=3), TODAY)
        assert [(day.amounts["database_size_bytes"], day.estimated) for day in days] == [
            (9, True),
            (9, True),
            (4, False),
            (4, True),
        ]
        assert {day.amounts["ai_tokens"] for day in days} == {0}

    def test_trap_14_a_paused_project_keeps_its_bytes(self, store, shop):
        send(store, event(shop, at=ago(days=2), file_storage_bytes=9, ec2_compute=5))
        [day] = store.daily(shop, TODAY, TODAY)
        assert (day.amounts["file_storage_bytes"], day.amounts["ec2_compute"], day.estimated) == (9, 0, True)

    def test_trap_23_a_partners_peak_is_that_of_its_best_day(self, store, shop, world):
        other = world.project()
        first = TODAY - timedelta(days=2)
        for project, sizes in ((shop, [10, 1, 1]), (other, [1, 1, 6])):
            for number, size in enumerate(sizes):
                send(store, event(project, at=ago(days=2 - number), database_size_bytes=size))
        assert store.owner_total(GLOBEX, first, TODAY) == cells(database_size_bytes=11)
        totals = store.project_totals(GLOBEX, [shop, other], first, TODAY)
        assert totals == {shop: cells(database_size_bytes=10), other: cells(database_size_bytes=6)}

    def test_trap_24_a_gap_on_the_best_day_changes_no_bill(self, store, shop, world):
        other = world.project()
        send(store, event(shop, at=ago(days=2), database_size_bytes=10))
        send(store, event(other, at=ago(days=1), database_size_bytes=5))
        days = store.owner_days(GLOBEX, TODAY - timedelta(days=3), TODAY)
        assert [(day.amounts["database_size_bytes"], day.estimated) for day in days] == [
            (0, False),
            (10, False),
            (15, True),
            (15, True),
        ]

    def test_a_future_end_is_fine(self, store, shop):
        send(store, event(shop, database_size_bytes=5))
        days = store.owner_days(GLOBEX, TODAY, TODAY + timedelta(days=1))
        assert [day.amounts["database_size_bytes"] for day in days] == [5, 0]

    def test_trap_25_today_counts_as_it_stands(self, store, shop):
        for expected in (1, 2, 3):
            send(store, event(shop))
            assert store.owner_total(GLOBEX, TODAY, TODAY)["mcp_calls"] == expected

    def test_trap_27_test_events_enter_no_live_total(self, store, shop, world):
        trial = world.project(environment="test")
        send(store, event(trial, mcp_calls=5), sender=TEST)
        send(store, event(shop, mcp_calls=2))
        assert store.owner_total(GLOBEX, TODAY, TODAY) == cells(mcp_calls=2)
        assert store.owner_total(Owner("partner", "ps_globex000001", "test"), TODAY, TODAY) == cells(mcp_calls=5)

    def test_trap_26_a_day_is_that_of_its_owner_at_its_end(self, store, world):
        acme, umbrella = organization("Acme"), organization("Umbrella")
        project = world.platform_project(acme)
        send(store, event(project, at=BORN - timedelta(hours=9), database_size_bytes=7), now=BORN)
        for days in (3, 2, 1, 0):
            send(store, event(project, at=ago(days=days), ai_tokens=10**days))
        world.move(project, umbrella, ago(days=2))
        world.move(project, acme, ago(days=1, hours=12))
        first = BORN.date() - timedelta(days=1)
        of_acme = store.owner_days(Owner("organization", str(acme.pk)), first, TODAY)
        of_umbrella = store.owner_days(Owner("organization", str(umbrella.pk)), first, TODAY)
        assert [day.amounts["ai_tokens"] for day in of_acme[-4:]] == [1000, 0, 10, 1]
        assert [day.amounts["ai_tokens"] for day in of_umbrella[-4:]] == [0, 100, 0, 0]
        assert [day.amounts["database_size_bytes"] for day in of_acme[:2]] == [7, 7]
        rows = store.daily_rows(Owner("organization", str(umbrella.pk)), [project], first, TODAY)
        assert [(id_, day.on) for id_, day in rows] == [(project, TODAY - timedelta(days=2))]

    def test_what_was_made_after_a_period_and_has_usage_in_it_is_told(self, store, world):
        early, acme = world.project(born=NOW), organization("Acme")
        moved = world.platform_project(acme, born=NOW)
        world.project(born=NOW)
        send(store, *(event(each, at=ago(days=20), ai_tokens=5) for each in (early, moved)))
        world.move(moved, organization("Umbrella"), NOW + timedelta(minutes=1))
        january = date(2026, 1, 1), date(2026, 1, 31)
        of_acme = Owner("organization", str(acme.pk))
        assert store.used_before_made(GLOBEX, *january) == [early]
        assert store.used_before_made(of_acme, *january) == [moved]
        assert store.used_before_made(GLOBEX, TODAY - timedelta(days=5), TODAY) == []
        assert store.used_before_made(GLOBEX, *[date.max] * 2) == []

    def test_the_projects_that_used_most_come_first(self, store, world, shop):
        other, idle, trial = world.project(), world.project(), world.project(environment="test")
        send(store, event(shop, ai_tokens=3), event(other, at=ago(days=1), ai_tokens=4))
        send(store, event(shop, at=ago(days=9), database_size_bytes=8), event(idle, database_size_bytes=7))
        send(store, event(other, at=ago(days=9), database_size_bytes=9), event(other, at=ago(days=1), ai_tokens=5))
        send(store, event(other, at=ago(days=1), database_size_bytes=1))
        send(store, event(trial, ai_tokens=99), sender=TEST)
        assert store.top_projects(GLOBEX, "ai_tokens", YESTERDAY, TODAY, 10) == [other, shop]
        assert store.top_projects(GLOBEX, "ai_tokens", TODAY, TODAY, 10) == [shop]
        assert store.top_projects(GLOBEX, "database_size_bytes", YESTERDAY, TODAY, 10) == [shop, idle, other]
        assert store.top_projects(GLOBEX, "database_size_bytes", YESTERDAY, TODAY, 1) == [shop]

    def test_a_deleted_project_ranks_by_what_it_had(self, store, world, shop):
        send(store, event(shop, at=ago(days=9), database_size_bytes=8), event(shop, at=ago(days=3), mcp_calls=2))
        world.delete(shop, ago(days=2))
        assert store.top_projects(GLOBEX, "database_size_bytes", YESTERDAY, TODAY, 10) == []
        assert store.top_projects(GLOBEX, "database_size_bytes", TODAY - timedelta(days=2), TODAY, 10) == [shop]
        assert store.top_projects(GLOBEX, "mcp_calls", TODAY - timedelta(days=5), TODAY, 10) == [shop]

    def test_an_organization_s_projects_rank_by_its_own_days(self, store, world):
        acme, umbrella = organization("Acme"), organization("Umbrella")
        moved, stays = world.platform_project(acme), world.platform_project(acme)
        send(store, event(moved, at=ago(days=4), ai_tokens=9), event(moved, ai_tokens=1), event(stays, ai_tokens=2))
        world.move(moved, umbrella, ago(days=2))
        first = TODAY - timedelta(days=1)
        assert store.top_projects(Owner("organization", str(acme.pk)), "ai_tokens", first, TODAY, 10) == [stays]
        assert store.top_projects(Owner("organization", str(acme.pk)), "ai_tokens", BORN.date(), TODAY, 10) == [
            moved,
            stays,
        ]

    def test_trap_28_a_summary_is_the_fold_of_its_days(self, store, shop):
        send(store, event(shop, at=ago(days=9), database_size_bytes=8), event(shop, ai_tokens=3))
        days = store.daily(shop, YESTERDAY, TODAY)
        totals = store.project_totals(GLOBEX, [shop], YESTERDAY, TODAY)
        assert totals[shop] == cells(database_size_bytes=8, ai_tokens=3) == store.owner_total(GLOBEX, YESTERDAY, TODAY)
        assert [day.amounts["ai_tokens"] for day in days] == [0, 3]


class TestTrail:
    def test_the_events_of_a_day_add_up_to_it(self, store, shop):
        taken = event(shop, mcp_calls=100)
        send(store, *[event(shop, at=ago(minutes=number), mcp_calls=number) for number in range(5)], taken)
        send(store, event(shop, ai_tokens=1), event(shop, at=ago(days=1)), void(taken))
        events, after = [], None
        while True:
            page = store.events(shop, TODAY, "mcp_calls", after=after, limit=2)
            events += page.events
            if not (after := page.next):
                break
        assert [each.amounts["mcp_calls"] for each in events] == [0, 1, 2, 3, 4]
        assert [each.at for each in events] == sorted((each.at for each in events), reverse=True)

    def test_an_event_says_who_sent_it_and_when_it_came(self, store, shop):
        one = event(shop, at=ago(hours=2))
        send(store, one)
        [found] = store.events(shop, TODAY, "mcp_calls", after=None, limit=1).events
        assert (found.source, found.id, found.project, found.client) == ("/edge", one.id, shop, LIVE.client)
        assert (found.at, found.received_at, found.amounts) == (one.at, NOW, {"mcp_calls": 1})


class TestVoids:
    def test_trap_19_a_void_takes_an_event_back_once(self, store, shop):
        one = event(shop, mcp_calls=5, database_size_bytes=9)
        send(store, one, event(shop, mcp_calls=1, database_size_bytes=4))
        back = void(one)
        assert send(store, back) == [Verdict.ACCEPTED]
        assert on(store, shop, TODAY) == {"mcp_calls": 1, "database_size_bytes": 4}
        assert send(store, back, void(one)) == [Verdict.DUPLICATE, Verdict.ALREADY_VOIDED]
        assert send(store, one) == [Verdict.DUPLICATE]
        assert on(store, shop, TODAY) == {"mcp_calls": 1, "database_size_bytes": 4}

    def test_a_void_may_come_with_its_event_in_any_order(self, store, shop):
        one = event(shop)
        assert send(store, void(one), one, void(one)) == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.ALREADY_VOIDED]
        assert on(store, shop, TODAY) == {}

    def test_a_void_is_its_senders_alone(self, store, shop):
        one = event(shop)
        send(store, one)
        assert send(store, void(one), sender=Sender(7, "live")) == [Verdict.UNKNOWN_EVENT]
        assert send(store, void(one), sender=Sender(1, "test")) == [Verdict.UNKNOWN_EVENT]
        assert send(store, void(event(shop))) == [Verdict.UNKNOWN_EVENT]

    def test_a_void_is_not_taken_back(self, store, shop):
        one = event(shop)
        back = void(one)
        send(store, one, back)
        assert send(store, void(back)) == [Verdict.UNKNOWN_EVENT]

    def test_an_id_is_a_void_or_an_event(self, store, shop):
        one, other = event(shop), event(shop)
        send(store, one, other, void(one, id_="v"))
        assert send(store, void(other, id_="v"), event(shop, id_="v")) == [Verdict.CONFLICTING_DUPLICATE] * 2
        assert send(store, void(one, id_=other.id)) == [Verdict.CONFLICTING_DUPLICATE]

    def test_a_day_of_which_all_is_taken_back_is_a_day_without(self, store, shop):
        send(store, event(shop, at=ago(days=5), database_size_bytes=5))
        one = event(shop, at=ago(days=3), database_size_bytes=7)
        send(store, one, void(one))
        [day] = store.daily(shop, TODAY - timedelta(days=3), TODAY - timedelta(days=3))
        assert (day.amounts["database_size_bytes"], day.estimated) == (5, True)
        assert store.recompute(TODAY - timedelta(days=9), TODAY, repair=False) == []


class TestClosing:
    JANUARY = datetime(2026, 1, 20, 9, tzinfo=UTC)
    FEBRUARY_1 = date(2026, 2, 1)

    def test_nothing_is_closed_at_first(self, store):
        assert store.first_open_day() == date(2000, 1, 1)

    def test_a_month_closes_once_it_has_ended(self, store):
        store.close_before(self.FEBRUARY_1, NOW)
        store.close_before(date(2026, 1, 1), NOW)
        assert store.first_open_day() == self.FEBRUARY_1
        for day in (date(2026, 2, 2), date(2026, 3, 1)):
            with pytest.raises(ValueError, match=str(day)):
                store.close_before(day, NOW)

    def test_trap_09_a_late_sum_is_an_adjustment_of_the_open_month(self, store, shop):
        send(store, event(shop, at=self.JANUARY, ai_tokens=5))
        store.close_before(self.FEBRUARY_1, NOW)
        late = event(shop, at=self.JANUARY, ai_tokens=3)
        assert send(store, late) == [Verdict.ACCEPTED]
        assert on(store, shop, self.JANUARY.date()) == {"ai_tokens": 5}
        [posted] = store.adjustments(shop, self.FEBRUARY_1, TODAY)
        assert (posted.original_day, posted.posted_on, posted.is_void) == (self.JANUARY.date(), TODAY, False)
        assert (posted.source, posted.id, posted.amounts["ai_tokens"], posted.amounts["mcp_calls"]) == (
            "/edge",
            late.id,
            3,
            0,
        )
        assert send(store, late) == [Verdict.DUPLICATE]
        assert store.adjustments(GLOBEX, self.FEBRUARY_1, TODAY) == [posted]
        assert store.adjustments(GLOBEX, self.FEBRUARY_1, YESTERDAY) == []
        page = store.events(shop, self.JANUARY.date(), "ai_tokens", after=None, limit=9)
        assert [each.amounts["ai_tokens"] for each in page.events] == [5]

    def test_trap_10_a_late_peak_is_refused(self, store, shop):
        store.close_before(self.FEBRUARY_1, NOW)
        both = event(shop, at=self.JANUARY, ai_tokens=3, database_size_bytes=1)
        assert send(store, both, event(shop, at=self.JANUARY, file_storage_bytes=0)) == [Verdict.CLOSED_PERIOD] * 2
        assert store.adjustments(shop, self.FEBRUARY_1, TODAY) == []
        assert on(store, shop, TODAY) == {}

    def test_a_repeat_of_a_peak_from_before_the_closing_is_a_duplicate(self, store, shop):
        sample = event(shop, at=self.JANUARY, file_storage_bytes=5)
        send(store, sample)
        store.close_before(self.FEBRUARY_1, NOW)
        assert send(store, sample) == [Verdict.DUPLICATE]

    def test_a_void_after_the_closing_is_a_negative_adjustment(self, store, shop):
        one = event(shop, at=self.JANUARY, ai_tokens=5)
        send(store, one)
        store.close_before(self.FEBRUARY_1, NOW)
        late = event(shop, at=self.JANUARY, ai_tokens=3)
        assert send(store, late, void(one), void(late)) == [Verdict.ACCEPTED] * 3
        assert on(store, shop, self.JANUARY.date()) == {"ai_tokens": 5}
        posted = store.adjustments(shop, self.FEBRUARY_1, TODAY)
        assert [(each.amounts["ai_tokens"], each.is_void) for each in posted] == [(3, False), (-5, True), (-3, True)]
        assert len(store.events(shop, self.JANUARY.date(), "ai_tokens", after=None, limit=9).events) == 1
        assert send(store, void(one)) == [Verdict.ALREADY_VOIDED]

    def test_a_peak_of_a_closed_month_is_not_taken_back(self, store, shop):
        one = event(shop, at=self.JANUARY, database_size_bytes=5)
        send(store, one)
        store.close_before(self.FEBRUARY_1, NOW)
        assert send(store, void(one)) == [Verdict.CLOSED_PERIOD]

    def test_figures_of_a_closed_month_are_right_as_they_are(self, store, shop):
        one, two = event(shop, at=self.JANUARY, ai_tokens=5), event(shop, at=self.JANUARY, ai_tokens=6)
        send(store, one, two, void(two))
        store.close_before(self.FEBRUARY_1, NOW)
        send(store, event(shop, at=self.JANUARY, ai_tokens=3), void(one))
        assert store.recompute(date(2026, 1, 1), TODAY, repair=True) == []


class TestKeeping:
    def test_trap_05_an_id_is_known_across_generations(self, store, shop):
        one = event(shop)
        send(store, one)
        later = NOW + timedelta(days=41)
        assert store.keep_house(later) >= 1
        moved = event(shop, id_=one.id, at=later)
        assert send(store, moved, now=later) == [Verdict.CONFLICTING_DUPLICATE]
        assert send(store, event(shop, at=later), now=later) == [Verdict.ACCEPTED]

    def test_an_id_may_come_again_when_it_is_forgotten(self, store, shop):
        one = event(shop)
        back = void(one)
        send(store, one, back)
        for turn in (1, 2):
            store.keep_house(NOW + turn * timedelta(days=41))
        later = NOW + timedelta(days=82)
        again, back_again = event(shop, id_=one.id, at=later), void(one, id_=back.id, at=later)
        assert send(store, again, now=later) == [Verdict.ACCEPTED]
        assert on(store, shop, later.date()) == {"mcp_calls": 1}
        assert send(store, back_again, now=later) == [Verdict.ACCEPTED]
        assert on(store, shop, later.date()) == {}
        assert send(store, back_again, now=later) == [Verdict.DUPLICATE]

    def test_trap_04_forgotten_events_count_no_second_time(self, store, shop):
        one = event(shop, database_size_bytes=3)
        send(store, one)
        for turn in (1, 2):
            store.keep_house(NOW + turn * timedelta(days=41))
        later = NOW + timedelta(days=82)
        assert store.forget(later.date()) == 0, "its month is open"
        store.close_before(date(2026, 4, 1), later)
        assert store.forget(TODAY) == 0, "it is of that day"
        assert store.forget(TODAY + timedelta(days=1)) == 1
        assert store.oldest_event_day() == TODAY + timedelta(days=1)
        assert send(store, one, now=later) == [Verdict.TOO_LATE]
        assert on(store, shop, TODAY) == {"database_size_bytes": 3}
        assert store.events(shop, TODAY, "database_size_bytes", after=None, limit=9).events == []
        assert store.recompute(TODAY - timedelta(days=9), later.date(), repair=True) == []

    def test_the_two_newest_generations_are_kept(self, store, shop):
        send(store, event(shop))
        later = NOW + timedelta(days=70)
        store.keep_house(later)
        store.close_before(date(2026, 4, 1), later)
        assert store.forget(later.date()) == 0
        assert len(store.events(shop, TODAY, "mcp_calls", after=None, limit=9).events) == 1


def test_every_peak_is_in_a_trap():
    assert PEAKS == ("database_size_bytes", "file_storage_bytes")


class TestPartnersDays:
    """What a partner's finished days add up to, before and after the worker has summed them up."""

    @pytest.fixture
    def projects(self, store, world):
        """Three: one of them sampled seldom, one deleted on the way."""
        one, two, three = world.project(), world.project(), world.project(born=ago(days=6))
        for days, size in ((30, 7), (9, 5), (4, 6), (1, 2)):
            send(store, event(one, at=ago(days=days), database_size_bytes=size, ai_tokens=days))
        send(store, event(two, at=ago(days=8), database_size_bytes=100, file_storage_bytes=3))
        send(store, event(three, at=ago(days=7), database_size_bytes=1000))
        send(store, event(three, at=ago(days=3), file_storage_bytes=1000, mcp_calls=2))
        world.delete(two, ago(days=2))
        return one, two, three

    def check(self, store, world):
        first, last = TODAY - timedelta(days=12), TODAY + timedelta(days=1)
        oracle = [
            [row for _, row in store.daily_rows(GLOBEX, list(world.known), day, day)]
            for day in (first + timedelta(days=number) for number in range(14))
        ]
        days = store.owner_days(GLOBEX, first, last)
        for day, rows in zip(days, oracle, strict=True):
            assert day.amounts == {name: sum(row.amounts[name] for row in rows) for name in NAMES}, day.on
            assert day.estimated == any(row.estimated for row in rows), day.on
        assert store.owner_total(GLOBEX, first, last) == fold(day.amounts for day in days)

    def test_they_are_the_same_before_and_after(self, store, world, projects):
        self.check(store, world)
        store.keep_house(NOW)
        self.check(store, world)
        assert store.keep_house(NOW) == 0

    @pytest.mark.parametrize("amounts", [{"ai_tokens": 9}, {"database_size_bytes": 9}], ids=str)
    def test_what_comes_late_is_in_them(self, store, world, projects, amounts):
        store.keep_house(NOW)
        late = event(projects[0], at=ago(days=3), **amounts)
        send(store, late)
        self.check(store, world)
        store.keep_house(NOW)
        self.check(store, world)
        send(store, void(late))
        self.check(store, world)

    def test_a_recovery_of_the_last_moment_of_a_day_is_in_it(self, store, world, projects):
        """It was written after midnight, by a worker whose clock is a little late."""
        midnight = NOW - timedelta(hours=12)
        world.delete(projects[2], ago(days=2))
        store.keep_house(midnight + timedelta(minutes=4))
        world.recover(projects[2], midnight - timedelta(milliseconds=1))
        store.keep_house(NOW)
        self.check(store, world)

    def test_those_of_a_closed_month_stay(self, store, world, projects):
        send(store, event(projects[0], at=datetime(2026, 1, 31, tzinfo=UTC), ai_tokens=1))
        store.keep_house(NOW)
        store.close_before(date(2026, 2, 1), NOW)
        before = store.owner_total(GLOBEX, date(2026, 1, 1), date(2026, 1, 31))
        send(store, event(projects[0], at=datetime(2026, 1, 31, tzinfo=UTC), ai_tokens=1))
        assert store.owner_total(GLOBEX, date(2026, 1, 1), date(2026, 1, 31)) == before
        self.check(store, world)
