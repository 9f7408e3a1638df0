"""The drivers' grounds: a folder, a PostgreSQL server, a service broker."""

import os
from collections.abc import Iterator

import pytest
from psycopg.conninfo import make_conninfo

from partnership.provisioners import broker_calls
from tests.partnership.provisioners.broker import Served
from tests.partnership.provisioners.grounds import EmbeddedGround, Ground, OsbGround, PostgresGround


def server_dsn() -> str:
    """The maintenance database of the server that the tests run on."""
    url = os.environ.get("GATEHOUSE_DATABASE_URL", "")
    if not url.startswith("postgres"):
        pytest.skip("runs on PostgreSQL, in a lane of .ci/run that may not skip")
    return make_conninfo(url, dbname="postgres")


@pytest.fixture
def on_folder(tmp_path) -> EmbeddedGround:
    return EmbeddedGround(tmp_path / "projects")


@pytest.fixture
def on_server() -> Iterator[PostgresGround]:
    ground = PostgresGround(server_dsn())
    ground.call("delete")
    yield ground
    ground.call("delete")


@pytest.fixture
def on_broker(monkeypatch) -> Iterator[OsbGround]:
    monkeypatch.setattr(broker_calls, "STEP_SECONDS", 1.5)
    served = Served()
    yield OsbGround(served)
    served.close()


@pytest.fixture
def on_slow_broker(on_broker) -> OsbGround:
    """One that answers everything with 202."""
    on_broker.broker.polls = 2
    return on_broker


@pytest.fixture
def on_slow_binder(on_slow_broker) -> OsbGround:
    """One that makes bindings asynchronously too."""
    on_slow_broker.broker.binds_slowly = True
    on_slow_broker.broker.service["bindings_retrievable"] = True
    return on_slow_broker


@pytest.fixture(
    params=[
        "on_folder",
        pytest.param("on_server", marks=pytest.mark.postgres),
        "on_broker",
        "on_slow_broker",
        "on_slow_binder",
    ]
)
def ground(request) -> Ground:
    found: Ground = request.getfixturevalue(request.param)
    return found
