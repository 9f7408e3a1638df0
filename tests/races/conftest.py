"""Races: real threads, each with a connection of its own, against PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret, partner


@pytest.fixture(autouse=True)
def on_postgresql(transactional_db):
    if connection.vendor != "postgresql":
        pytest.skip("races run on PostgreSQL, in a lane of .ci/run that may not skip")


@pytest.fixture
def globex(transactional_db):
    owner = partner("ps_globex000001", "Globex", is_white_label=True)
    add_secret(owner, GLOBEX_SECRET)
    return PartnerClient(owner, GLOBEX_SECRET)


@pytest.fixture
def at_once():
    """Runs all the given calls in threads that start together; their results in order."""

    def run(*calls: Callable[[], object]) -> list[object]:
        barrier = Barrier(len(calls))

        def one(call: Callable[[], object]) -> object:
            barrier.wait()
            try:
                return call()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(calls)) as pool:
            return [future.result() for future in [pool.submit(one, call) for call in calls]]

    return run
