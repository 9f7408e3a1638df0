"""Times of the postgres provisioner, as a Markdown table: median and worst of N rounds.

python -m bench.provisioner_times postgresql://postgres@127.0.0.1/postgres 20

Each round makes, pauses, restores and deletes one project on that server, with a session of the
project open at the pause. Numbers are of the machine they were measured on; nothing is asserted.
"""

import statistics
import sys
import time
from collections.abc import Callable
from uuid import uuid4

import psycopg

from partnership.provisioners.base import Done, Pending, Spec
from partnership.provisioners.postgres import PostgresDriver

VERBS = ("create", "pause", "restore", "delete")


def main(dsn: str, rounds: int) -> None:
    driver = PostgresDriver({"dsn": dsn})
    seconds: dict[str, list[float]] = {verb: [] for verb in VERBS}
    for _ in range(rounds):
        for verb, taken in one_life(driver).items():
            seconds[verb].append(taken)
    with psycopg.connect(dsn) as server:
        version = server.info.server_version // 10_000
    print(f"PostgreSQL {version}, {rounds} rounds\n")
    print("| verb | median ms | worst ms |\n|---|---:|---:|")
    for verb, taken_all in seconds.items():
        print(f"| {verb} | {statistics.median(taken_all) * 1000:.0f} | {max(taken_all) * 1000:.0f} |")


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


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
