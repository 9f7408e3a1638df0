"""Sweeps beside what runs: they wait for nobody, and nobody waits for them."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from accounts import sweeps
from config import chores
from oauth_provider import expiry
from oauth_provider.models import Code
from partnership import idempotency
from partnership.models import IdempotencyKey
from tests.partnership.clients import partner

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

# No statement of others waits for one of these, but those that change the table itself.
OF_ROWS = {"AccessShareLock", "RowShareLock", "RowExclusiveLock"}


@pytest.fixture
def long_after():
    return timezone.now() + timedelta(days=60)


def make_sessions(count):
    for number in range(count):
        Session.objects.create(session_key=f"old{number}", session_data="-", expire_date=timezone.now())


def make_keys(count):
    owner = partner("ps_globex000001", "Globex", is_white_label=True)
    for number in range(count):
        IdempotencyKey.objects.create(
            partner=owner,
            environment="live",
            key=str(number),
            fingerprint=b"-",
            lease_until=timezone.now(),
            expires_at=timezone.now(),
        )


def sweep_while_held(held, sweep, at_once):
    """What `sweep` did while another transaction held one of its rows."""
    with transaction.atomic():
        held.select_for_update().first()
        (done,) = at_once(sweep)
    return done


def test_a_code_that_somebody_holds_is_passed_over(alice, acme_app, at_once, long_after):
    for _ in range(3):
        acme_app.code_for(alice)
    sweep = partial(expiry.sweep, long_after)

    assert sweep_while_held(Code.objects.order_by("pk"), sweep, at_once)["codes"] == 2
    assert sweep()["codes"] == 1


def test_a_session_that_somebody_holds_is_passed_over(at_once, long_after):
    make_sessions(3)
    sweep = partial(chores.sweep_sessions, long_after)

    assert sweep_while_held(Session.objects.order_by("pk"), sweep, at_once)["sessions"] == 2
    assert sweep()["sessions"] == 1


def test_a_key_that_somebody_holds_is_passed_over(at_once, long_after):
    make_keys(3)
    sweep = partial(idempotency.forget_expired, long_after)

    assert sweep_while_held(IdempotencyKey.objects.order_by("pk"), sweep, at_once) == 2
    assert sweep() == 1


def test_four_sweeps_at_once_share_the_rows(at_once, long_after, monkeypatch):
    monkeypatch.setattr(sweeps, "BATCH", 10)
    make_keys(35)

    done = at_once(*[partial(idempotency.forget_expired, long_after)] * 4)

    assert sum(done) == 35 - IdempotencyKey.objects.count()
    assert max(done) <= 10


def test_a_sweep_takes_locks_of_rows_alone(alice, acme_app, long_after):
    acme_app.tokens_for(alice)
    make_sessions(1)

    with transaction.atomic():
        assert expiry.sweep(long_after)["codes"] == 1
        assert chores.sweep_sessions(long_after)["sessions"] >= 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'")
            modes = {mode for (mode,) in cursor.fetchall()}

    assert modes <= OF_ROWS
