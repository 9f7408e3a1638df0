"""Times of the postgres provisioner: median and worst of N rounds.

Each round makes, pauses, restores and deletes one project, with a session of the project open
at the pause. Nothing is asserted.
"""

import statistics
import time
from collections.abc import Callable
from uuid import uuid4

import psycopg

from bench.report import Table
from partnership.provisioners.base import Done, Pending, Spec
from partnership.provisioners.postgres import PostgresDriver

VERBS = ("create", "pause", "restore", "delete")
ROUNDS = 20


def measure(server: str) -> list[Table]:
    driver = PostgresDriver({"dsn": server})
    seconds: dict[str, list[float]] = {verb: [] for verb in VERBS}
    for _ in range(ROUNDS):
        for verb, taken in one_life(driver).items():
            seconds[verb].append(taken)
    rows = [[verb, milliseconds(statistics.median(taken)), milliseconds(max(taken))] for verb, taken in seconds.items()]
    return [Table(f"{ROUNDS} projects one after the other.", ["verb", "median ms", "worst ms"], rows)]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"


def one_life(driver: PostgresDriver) -> dict[str, float]:
    spec = Spec(
        project_id=str(uuid4()),
        appkey="benchmark1",
        region="us-east",
        instance_type="nano",
        connection_limit=10,
        volume_size_gib=8,
        service_version="v2.2.1",
        environment="live",
        api_key="",
    )
    taken = {}
    done, taken["create"] = timed(lambda: driver.create(spec, skip, {}))
    assert isinstance(done, Done)
    given = {name: str(value) for name, value in done.credentials.items()}
    login = {"dbname": given.pop("database"), **given}
    with psycopg.connect(**login):  # type: ignore[arg-type]  # the driver's own names
        _, taken["pause"] = timed(lambda: driver.pause(spec, skip, {}))
    _, taken["restore"] = timed(lambda: driver.restore(spec, skip, {}))
    _, taken["delete"] = timed(lambda: driver.delete(spec, skip, {}))
    return taken


def timed(call: Callable[[], Done | Pending]) -> tuple[Done | Pending, float]:
    begun = time.perf_counter()
    return call(), time.perf_counter() - begun


def skip(_name: str) -> None:
    """Nobody's lease is to be renewed here."""
