"""How many calls a partner made on a day, how they were answered, how long they took: kept when the calls are gone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from config.chores import CHORES
from partnership import call_counts, request_log
from partnership.call_counts import BOUNDS, Counted, bound_of, class_of
from partnership.models import CallCount, LoggedCall

pytestmark = pytest.mark.django_db


def counted(partner, environment="live"):
    today = timezone.now().date()
    return call_counts.of_days(partner, environment, today - timedelta(days=1), today)


def by_class(partner, environment="live"):
    return [dict(day.by_class) for day in counted(partner, environment).values()]


def call(partner, milliseconds=3, status=200, at=None):
    return LoggedCall(
        partner=partner, environment="live", method="GET", path="/x", status=status, request_id="r",
        milliseconds=milliseconds, answered_at=at or timezone.now(),
    )  # fmt: skip


def test_each_call_is_counted_by_how_it_was_answered(globex, initech, globex_test, shop):
    request_log.waiting.clear()
    for path in ("catalog", f"{shop}/metadata", "operations/x", "usage?start_date=x"):
        globex.get(path)
    initech.get("catalog")
    globex_test.get("catalog")

    request_log.write()

    assert by_class(globex.partner) == [{2: 2, 4: 2}]
    assert by_class(globex.partner, "test") == [{2: 1}]
    assert by_class(initech.partner) == [{2: 1}]
    assert counted(globex.partner)[timezone.now().date()].by_bound.total() == 4


def test_what_is_written_later_is_added(globex):
    for _batch in range(3):
        globex.get("catalog")
        request_log.write()

    assert by_class(globex.partner) == [{2: 3}]


def test_a_batch_that_failed_is_neither_kept_nor_counted_and_then_once(globex, monkeypatch):
    globex.get("catalog")
    with monkeypatch.context() as away:
        away.setattr(call_counts, "count", refuse_with(OperationalError("away")))
        assert request_log.write() == 0
    assert not LoggedCall.objects.exists()

    request_log.write()

    assert by_class(globex.partner) == [{2: 1}]
    assert LoggedCall.objects.count() == 1


def test_a_batch_whose_commit_nobody_heard_of_is_not_counted_again(globex, monkeypatch):
    keep = request_log.keep

    def keep_and_lose_the_connection(batch):
        keep(batch)
        raise OperationalError("the connection is lost")

    globex.get("catalog")
    with monkeypatch.context() as lossy:
        lossy.setattr(request_log, "keep", keep_and_lose_the_connection)
        assert request_log.write() == 0
    globex.get("catalog")
    with monkeypatch.context() as lossy:
        lossy.setattr(call_counts, "count", refuse_with(OperationalError("and again")))
        assert request_log.write() == 0

    request_log.write()

    assert by_class(globex.partner) == [{2: 2}]
    assert LoggedCall.objects.count() == 2
    assert not request_log.waiting


def refuse_with(fault):
    def count(calls):
        raise fault

    return count


def test_a_call_counts_for_the_utc_day_on_which_it_was_answered(globex):
    call_counts.count([call(globex.partner, at=datetime(2026, 3, 1, 0, 30, tzinfo=UTC) - timedelta(hours=1))])

    assert CallCount.objects.get().day == date(2026, 2, 28)


@pytest.mark.parametrize(("status", "is_class"), [(200, 2), (204, 2), (304, 2), (400, 4), (499, 4), (500, 5), (503, 5)])
def test_classes(status, is_class):
    assert class_of(status) == is_class


def test_no_bucket_is_more_than_a_fifth_off():
    for milliseconds in [*range(1, 2000), 9_999, 25_000, 60_000, 1_000_000]:
        assert milliseconds <= bound_of(milliseconds) <= max(milliseconds + 1, milliseconds * 1.2)
    assert bound_of(10**9) == BOUNDS[-1]


def test_percentiles_are_read_from_the_buckets():
    took = Counted()
    for milliseconds, calls in ((1, 49), (5, 45), (300, 6)):
        took.by_bound[bound_of(milliseconds)] += calls

    assert (took.percentile(50), took.percentile(94), took.percentile(95)) == (5, 5, bound_of(300))
    assert Counted().percentile(50) is None


@pytest.mark.parametrize("wrong", [{"status_class": 3}, {"environment": "prod"}, {"calls": 0}])
def test_the_database_takes_no_count_that_means_nothing(globex, wrong):
    row = {"environment": "live", "day": date(2026, 1, 1), "status_class": 2, "up_to_milliseconds": 1, "calls": 1}
    with pytest.raises(IntegrityError), transaction.atomic():
        CallCount.objects.create(partner=globex.partner, **row | wrong)


def test_counts_are_removed_after_400_days(globex):
    now = timezone.now()
    call_counts.count([call(globex.partner, at=now - timedelta(days=days)) for days in (399, 400, 401)])

    assert next(chore for chore in CHORES if chore.name == "sweep_call_counts").run(now) == {"call_counts": 1}

    assert CallCount.objects.count() == 2
