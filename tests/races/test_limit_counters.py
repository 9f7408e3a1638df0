"""Counters in Redis, from several threads with a connection each."""

import uuid

import pytest
import redis
from django.conf import settings

from accounts.rate_limit import line

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def server():
    return redis.Redis.from_url(settings.REDIS_URL)


def test_every_use_of_every_thread_counts_once(at_once, server):
    key = f"limit:test:{uuid.uuid4()}"
    counts = at_once(*[lambda: [line().count(key, 60)[0] for _ in range(50)]] * 4)
    assert sorted(count for each in counts for count in each) == list(range(1, 201))
    assert 0 < server.ttl(key) <= 60


def test_a_restarted_server_that_knows_neither_the_script_nor_the_connection_is_asked_again(server):
    key = f"limit:test:{uuid.uuid4()}"
    assert line().count(key, 60)[0] == 1
    server.script_flush()
    assert line().count(key, 60)[0] == 2
    own = line().connection
    own.send_command("CLIENT", "ID")
    server.client_kill_filter(_id=own.read_response())
    assert line().count(key, 60)[0] == 3
