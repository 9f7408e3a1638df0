"""NOTIFY wakes the worker's lanes. The polls here last an hour: whatever happens was rung for."""

import os
import threading
from queue import Queue

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.wake import wake
from config import bells as bells_
from config.bells import Bells, listen
from config.chores import Chore, Lane, go_round
from partnership import operations
from partnership.models import Webhook

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

HOUR = 3600.0
PATIENCE_SECONDS = 20


@pytest.fixture
def bells():
    """Bells that somebody listens for; all their threads end with the test."""
    bells, (stop, ring) = Bells(), os.pipe()
    listener = threading.Thread(target=listen, args=[bells, stop])
    bells.hang("listening")
    listener.start()
    assert bells.of_lane["listening"][0].wait(PATIENCE_SECONDS)
    yield bells
    bells.stop()
    os.write(ring, b".")
    listener.join(PATIENCE_SECONDS)
    assert not listener.is_alive()
    os.close(stop)
    os.close(ring)


@pytest.fixture
def lane_of(bells):
    """Starts a lane of one chore that is woken; gives what its rounds did."""
    threads = []

    def start(name, chore) -> Queue:
        done: Queue = Queue()

        def run(now):
            done.put(chore(now))
            return {}

        lane = Lane(name, HOUR, HOUR, (Chore(name, 0, run),))
        threads.append(threading.Thread(target=go_round, args=[lane, bells]))
        threads[-1].start()
        done.get(timeout=PATIENCE_SECONDS)  # the first round needs no bell
        return done

    yield start
    bells.stop()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def until(done, wanted):
    while done.get(timeout=PATIENCE_SECONDS) != wanted:
        pass


def test_a_new_operation_wakes_its_lane(globex, lane_of, settings, tmp_path):
    settings.EMBEDDED_PROJECTS = tmp_path
    lane = lane_of("operations", operations.run_due)
    created = globex.sync()
    until(lane, 1)
    assert globex.get(f"{created['project']['id']}/metadata")["project"]["status"] == "active"


def test_an_event_for_an_endpoint_wakes_the_deliveries(globex, lane_of, settings, tmp_path):
    settings.EMBEDDED_PROJECTS = tmp_path
    Webhook.objects.create(
        partner=globex.partner, environment="live", url="https://hooks.example", created_at=timezone.now()
    )
    lane = lane_of("deliveries", lambda _now: Webhook.objects.get().deliveries.count())
    lane_of("operations", operations.run_due)
    globex.sync()
    until(lane, 1)


def test_what_was_rolled_back_wakes_nobody(lane_of):
    rung = lane_of("one", lambda _now: "one")
    other = lane_of("other", lambda _now: "other")
    with transaction.atomic():
        wake("one")
        transaction.set_rollback(True)
    wake("other")
    until(other, "other")
    assert rung.empty()


def test_a_cut_connection_is_made_again(bells, lane_of, monkeypatch):
    monkeypatch.setattr(bells_, "AGAIN_SECONDS", 0)
    lane = lane_of("one", lambda _now: "done")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
        )
        assert cursor.fetchall() == [(True,)]
    until(lane, "done")  # rung after the new connection listens, for what was missed
    wake("one")
    until(lane, "done")
