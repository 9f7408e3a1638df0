"""What stands around the store goes by a project's absences too: lists, charts, alerts, collectors."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Organization
from partnership.models import Event, Project
from tests.usage.measuring import install, sizes_of
from tests.usage.world import LIVE, NOW, World, ago, event, organization, read_by
from usage import collection_rows, compute, peak_totals, presence, sizes
from usage.models import Collection
from usage.models import Event as UsageEvent
from usage.period import Period
from usage.reports import existing_in, owned_in
from usage.sql_store import store
from usage.store import Owner

pytestmark = pytest.mark.django_db
GLOBEX = Owner("partner", "ps_globex000001")
TODAY = NOW.date()
WEEK = Period(TODAY - timedelta(days=6), TODAY)


@pytest.fixture(autouse=True)
def now(time_machine, monkeypatch):
    time_machine.move_to(NOW, tick=False)
    read_by(monkeypatch, timezone.now)


@pytest.fixture
def world(db):
    return World()


def away(world: World, project, since: int = 5, until: int = 2):
    """Deleted and brought back so many days ago."""
    world.delete(project, ago(days=since))
    world.recover(project, ago(days=until))
    return project


def days(*back: int) -> set[date]:
    return {TODAY - timedelta(days=each) for each in back}


class TestPresence:
    def test_a_partner_s_days(self, world):
        away(world, world.project())
        assert presence.days_with_projects(GLOBEX, WEEK) == days(6, 5, 2, 1, 0)

    def test_another_project_fills_the_gap(self, world):
        away(world, world.project())
        away(world, world.project(), 4, 0)
        assert presence.days_with_projects(GLOBEX, WEEK) == days(6, 5, 4, 2, 1, 0)
        world.project()
        assert len(presence.days_with_projects(GLOBEX, WEEK)) == 7

    def test_an_organization_s_days_are_those_of_its_tenures(self, world):
        acme, umbrella = organization("Acme"), organization("Umbrella")
        project = away(world, world.platform_project(acme))
        world.move(project, umbrella, ago(days=1))
        of = lambda each: Owner("organization", str(each.pk))  # noqa: E731
        assert presence.days_with_projects(of(acme), WEEK) == days(6, 5, 2)
        assert presence.days_with_projects(of(umbrella), WEEK) == days(1, 0)

    def test_a_second_deletion_ends_it(self, world):
        world.delete(away(world, world.project()), ago(days=1))
        assert presence.days_with_projects(GLOBEX, WEEK) == days(6, 5, 2, 1)


class TestLists:
    @pytest.mark.parametrize(
        ("first", "last", "is_listed"), [(4, 3, False), (4, 2, True), (5, 3, True), (3, 3, False), (9, 0, True)]
    )
    def test_it_is_in_those_of_periods_in_which_it_was_there(self, world, first, last, is_listed):
        acme: Organization = organization("Acme")
        project = away(world, world.platform_project(acme))
        period = Period(TODAY - timedelta(days=first), TODAY - timedelta(days=last))
        assert Project.objects.filter(existing_in(period), pk=project).exists() == is_listed
        assert owned_in(acme, period).exists() == is_listed

    def test_up_to_the_last_day_of_the_calendar(self, world):
        away(world, world.project())
        assert Project.objects.filter(existing_in(Period(TODAY, date.max))).exists()


def test_a_partner_s_peak_is_watched_without_what_was_gone(world):
    shop, other = world.project(), world.project()
    store.record(LIVE, [event(shop, at=ago(days=6), database_size_bytes=7)], NOW)
    away(world, shop)
    sample = event(other, at=ago(days=6), database_size_bytes=5)
    late = event(shop, at=ago(days=6, hours=1), database_size_bytes=9)
    store.record(LIVE, [sample, late], NOW)
    totals = peak_totals.find(GLOBEX, "database_size_bytes", WEEK, [sample, late], at_least=1, today=TODAY)
    totals.add(sample)
    assert [totals.highest(since=TODAY - timedelta(days=each)) for each in (6, 1)] == [12, 12]
    gone = Period(TODAY - timedelta(days=4), TODAY - timedelta(days=3))
    of_shop = peak_totals.find_lives([shop], TODAY)[shop]
    assert list(peak_totals.carried({ago(days=6).date(): 9}, of_shop, sorted(days(4, 3, 2)))) == [
        (TODAY - timedelta(days=2), 9)
    ]
    assert store.owner_total(GLOBEX, gone.first, gone.last)["database_size_bytes"] == 5


class TestCollectors:
    """Deleted at 11:50, back at 14:20 of another day: in the midst of an interval."""

    BACK = datetime(2026, 2, 12, 14, 20, tzinfo=UTC)

    @pytest.fixture
    def shop(self, world):
        return world.project(born=ago(hours=1))

    def tell(self, project, kind: str, at: datetime) -> None:
        row = Project.objects.get(pk=project)
        status = "deleted" if kind == "deleted" else "active"
        data = {"project": {"status": status}}
        Event.objects.create(
            type=f"project.{kind}",
            partner=row.partner,
            environment="live",
            project=row,
            actor_kind="system",
            data=data,
            occurred_at=at,
        )

    def gone_and_back(self, world, shop) -> None:
        self.tell(shop, "created", ago(hours=1))
        world.delete(shop, ago(minutes=10))
        self.tell(shop, "deleted", ago(minutes=10))
        compute.collect(NOW + timedelta(hours=1))
        assert row_of(shop).due_at is None
        world.recover(shop, self.BACK)
        self.tell(shop, "restored", self.BACK)

    def test_compute_counts_the_seconds_before_and_after(self, world, shop):
        self.gone_and_back(world, shop)
        for minutes in (0, 1, 16):
            compute.collect(self.BACK + timedelta(minutes=20 + minutes))
        assert seconds_of(shop, TODAY) == 50 * 60
        assert seconds_of(shop, self.BACK.date()) == 10 * 60 + 900
        ats = (
            UsageEvent.objects.filter(at__gte=self.BACK - timedelta(hours=1))
            .order_by("at")
            .values_list("at", flat=True)
        )
        assert [each.time().isoformat() for each in ats] == ["14:20:00", "14:30:00"]

    def test_its_size_is_sampled_again_at_once(self, world, shop, monkeypatch):
        install(monkeypatch)
        sizes.collect(NOW)
        world.delete(shop, NOW)
        sizes.collect(NOW + timedelta(minutes=15))
        assert row_of(shop, "sizes").due_at is None
        world.recover(shop, self.BACK)
        assert sizes.collect(self.BACK + timedelta(minutes=1)) == 1
        assert sizes_of(shop, self.BACK.date()) == (10, 20)

    def test_what_is_deleted_does_not_begin_again(self, world, shop):
        self.gone_and_back(world, shop)
        world.delete(shop, self.BACK + timedelta(hours=1))
        Collection.objects.update(due_at=None)
        collection_rows.begin("compute", Project.objects.all(), self.BACK + timedelta(hours=2))
        assert row_of(shop).due_at is None


def row_of(project, kind: str = "compute") -> Collection:
    return Collection.objects.get(project=project, kind=kind)


def seconds_of(project, day: date) -> int:
    return sum(row.amounts["ec2_compute"] for row in store.daily(project, day, day))
