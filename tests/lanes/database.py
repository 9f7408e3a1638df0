"""The databases of a CI run, one that its tests' are copied from among them: made at its start, dropped at its end.

python -m tests.lanes.database create postgresql://user@host:port name redis://host:port/number
python -m tests.lanes.database drop postgresql://user@host:port name
"""

import sys

import psycopg
import redis
from psycopg import sql


def main(action: str, server: str, name: str, cache: str = "") -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True, connect_timeout=5) as connection:
        # Those that the tests made from it too, if a run was cut off.
        found = connection.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^(test_)?{name}(_|$)"])
        for (each,) in found.fetchall():
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(each)))
        if action == "create":
            for each in (name, f"{name}_template"):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(each)))
            print(f"PostgreSQL {connection.info.server_version // 10_000}, database {name}")
    if cache:
        client = redis.Redis.from_url(cache, socket_timeout=5)
        client.flushdb()  # a number of its own: nobody else's counters are there
        print(f"Redis {client.info('server')['redis_version']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
