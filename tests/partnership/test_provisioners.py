"""The contract of `provisioners/base.py`, the same for every driver: each verb works, may come
twice, and may come again after it was cut off before each of its steps.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from partnership.provisioners.base import Done, Driver, DriverError, Pending, Spec
from partnership.provisioners.embedded import EmbeddedDriver
from partnership.provisioners.osb import OsbDriver
from partnership.provisioners.postgres import PostgresDriver
from partnership.provisioners.simulated import SimulatedDriver
from tests.partnership import broker as brokers

SPEC = Spec(
    project_id="4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11",
    appkey="shop234567",
    region="us-east",
    instance_type="nano",
    connection_limit=10,
    volume_size_gib=8,
    service_version="v2.2.1",
    environment="live",
    api_key="ik_x",
    originator={"id": "ps_globex000001", "request_id": "globex:1"},
)
SERVER = os.environ.get("GATEHOUSE_DATABASE_URL", "")
VERBS = ["create", "pause", "restore", "resize", "restart", "delete"]
# What must have been done before a verb makes sense.
BEFORE = {"create": [], "restore": ["create", "pause"]}


class CutOff(Exception):
    """The worker died here."""


@dataclass
class Case:
    driver: Driver
    trace: Any  # () -> what is left of projects outside

    def run(self, verb: str, *, cut_before: int | None = None, spec: Spec = SPEC) -> Done:
        """The verb to its end, polls and all; dies before step number `cut_before`."""
        steps = iter(range(1000))

        def step(_name: str) -> None:
            if next(steps) == cut_before:
                raise CutOff

        outcome = getattr(self.driver, verb)(spec, step, {})
        while isinstance(outcome, Pending):
            outcome = getattr(self.driver, verb)(spec, step, outcome.state)
        return outcome

    def prepare(self, verb: str) -> None:
        for before in BEFORE.get(verb, ["create"]):
            self.run(before)


@pytest.fixture(params=["embedded", "simulated", "osb", pytest.param("postgres", marks=pytest.mark.postgres)])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    match request.param:
        case "embedded":
            yield Case(
                EmbeddedDriver({"root": str(tmp_path)}), lambda: [*tmp_path.glob("[!.]*"), *tmp_path.glob(".locks/*")]
            )
        case "simulated":
            yield Case(SimulatedDriver({}), list)
        case "osb":
            with brokers.running() as broker:
                yield Case(OsbDriver(broker.settings()), lambda: [*broker.instances, *broker.bindings])
        case _:
            if not SERVER.startswith("postgresql"):
                pytest.skip("needs PostgreSQL, in a lane of .ci/run that may not skip")
            made = Case(PostgresDriver({"dsn": SERVER}), postgres_trace)
            yield made
            made.run("delete")


def postgres_trace() -> list[str]:
    with psycopg.connect(SERVER) as server:
        found = server.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'p\\_%%' UNION ALL "
            "SELECT datname FROM pg_database WHERE datname LIKE 'p\\_%%'"
        )
        return [str(row[0]) for row in found if SPEC.project_id.replace("-", "") in str(row[0])]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_works_and_works_again(case, verb):
    case.prepare(verb)
    case.run(verb)
    case.run(verb)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_finishes_what_a_dead_worker_began(case, verb):
    for step in range(12):
        case.run("delete")
        case.prepare(verb)
        try:
            case.run(verb, cut_before=step)
        except CutOff:
            case.run(verb)
        else:
            break
    else:
        pytest.fail("a verb of more than 12 steps")


def test_nothing_is_left_after_delete_wherever_create_stopped(case):
    for step in range(12):
        try:
            case.run("create", cut_before=step)
        except CutOff:
            case.run("delete")
            assert case.trace() == []
        else:
            case.run("delete")
            assert case.trace() == []
            return


def test_deleting_what_never_was_is_done(case):
    case.run("delete")
    assert case.trace() == []


def test_only_what_exists_can_be_paused(case):
    if isinstance(case.driver, EmbeddedDriver | PostgresDriver):
        with pytest.raises(DriverError) as refused:
            case.run("pause")
        assert not refused.value.is_retryable


def test_sizes_are_real(case):
    case.run("create")
    if isinstance(case.driver, EmbeddedDriver):
        (case.driver.folder(SPEC) / "files" / "photo").write_bytes(b"x" * 5000)
        assert case.driver.measure(SPEC).storage_bytes == 5000
        assert case.driver.measure(SPEC).database_bytes >= 4096
    if isinstance(case.driver, PostgresDriver):
        assert case.driver.measure(SPEC).database_bytes > 1_000_000


def test_another_worker_finds_the_project_held(case, monkeypatch):
    """A worker that was stopped in a verb and goes on later never works beside its successor."""
    if not isinstance(case.driver, EmbeddedDriver | PostgresDriver):
        pytest.skip("no state on our side to hold")
    met = []

    def step(_name: str) -> None:
        with pytest.raises(DriverError) as busy:
            case.run("delete")
        met.append(busy.value.code)

    case.driver.create(SPEC, step, {})
    assert set(met) == {"provisioner_busy"}


def login(driver: PostgresDriver, done: Done) -> psycopg.Connection[Any]:
    who = done.credentials
    return psycopg.connect(
        host=str(who["host"]),
        port=int(str(who["port"])),
        dbname=str(who["database"]),
        user=str(who["user"]),
        password=str(who["password"]),
        autocommit=True,
    )


@pytest.fixture
def on_server() -> Iterator[Case]:
    if not SERVER.startswith("postgresql"):
        pytest.skip("needs PostgreSQL, in a lane of .ci/run that may not skip")
    made = Case(PostgresDriver({"dsn": SERVER}), postgres_trace)
    yield made
    made.run("delete")


@pytest.mark.postgres
def test_pause_puts_out_who_is_in_and_restore_keeps_the_data(on_server):
    done = on_server.run("create")
    inside = login(on_server.driver, done)
    inside.execute("CREATE TABLE orders (id int)")
    inside.execute("INSERT INTO orders VALUES (7)")

    on_server.run("pause")

    with pytest.raises(psycopg.OperationalError):
        inside.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        login(on_server.driver, done)
    on_server.run("restore")
    assert login(on_server.driver, done).execute("SELECT id FROM orders").fetchall() == [(7,)]


@pytest.mark.postgres
def test_a_project_cannot_let_itself_in_again_or_see_others(on_server):
    inside = login(on_server.driver, on_server.run("create"))
    name = SPEC.project_id.replace("-", "")
    for forbidden in (
        f"ALTER ROLE p_{name} CONNECTION LIMIT 999",
        f"ALTER DATABASE p_{name} CONNECTION LIMIT 999",
        "CREATE ROLE mallory",
        "CREATE DATABASE mallory",
        "SELECT pg_read_file('/etc/passwd')",
    ):
        with pytest.raises(psycopg.Error):
            inside.execute(forbidden)


@pytest.mark.postgres
def test_the_instance_type_limits_connections(on_server):
    done = on_server.run("create", spec=replace(SPEC, connection_limit=2))
    held = [login(on_server.driver, done) for _ in range(2)]
    with pytest.raises(psycopg.OperationalError, match="too many connections"):
        login(on_server.driver, done)
    on_server.run("resize", spec=replace(SPEC, connection_limit=3))
    assert login(on_server.driver, done).execute("SELECT 1").fetchone() == (1,)
    assert len(held) == 2


@pytest.mark.postgres
@pytest.mark.parametrize("evil", ['x"; DROP DATABASE postgres; --', "' OR 1=1 --", "{}", "%s"])
def test_nothing_of_a_spec_is_injected(on_server, evil):
    spec = replace(SPEC, appkey=evil, region=evil, service_version=evil, api_key=evil, instance_type=evil)
    for verb in VERBS:
        on_server.run(verb, spec=spec)
    with pytest.raises(ValueError, match="badly formed"):
        on_server.run("create", spec=replace(SPEC, project_id=evil))
