"""What `bench/usage.py` measures, in the database that it made. Prints the table's rows as JSON.

Clients are processes that have made their events before the clock starts; each measurement runs
for BENCH_SECONDS (5).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import django
import httpx

django.setup()

from django.conf import settings  # noqa: E402 after the settings
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

from bench.usage_clients import SECONDS, copier, poster, recorder, unrolled  # noqa: E402
from tests import cast  # noqa: E402
from tests.lanes.server import running  # noqa: E402
from usage.metrics import NAMES  # noqa: E402
from usage.sql_store import store  # noqa: E402
from usage.sql_store.sql import fetch  # noqa: E402
from usage.store import Owner  # noqa: E402

PROJECTS = 10_000
REDIS = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/8")
SERVE = (sys.executable, "manage.py", "serve", "--no-worker")
LARGE, SMALL = Owner("partner", "ps_large0000001"), Owner("partner", "ps_small0000001")
FORK = multiprocessing.get_context("fork")


def main() -> list[list[str]]:
    """Rows of the table: what, measured, share, of what."""
    call_command("migrate", verbosity=0)
    large, small = make_projects(LARGE, PROJECTS), make_projects(SMALL, 100)
    rows = [*rates(large), *sizes()]
    fill_year()
    return rows + reads(large, small)


def rates(projects: list[UUID]) -> list[list[str]]:
    copy = rate(4, partial(copier, "bench_copy"), projects, 1000)
    indexed = rate(4, partial(copier, "bench_copy_indexed"), projects, 1000)
    rows = [
        ["raw COPY, no index, batch 1,000, 4 clients", f"{copy:,.0f}/s", "", ""],
        ["the same with the store's two indexes", f"{indexed:,.0f}/s", f"{indexed / copy:.2f}", "raw COPY"],
    ]
    measured = {}
    for clients in (1, 4):
        for batch in (1, 100, 1000, 5000):
            measured[clients, batch] = found = rate(clients, recorder, projects, batch)
            of_both = f"raw COPY; {found / indexed:.2f} of that with indexes"
            share = [f"{found / copy:.2f}", of_both] if (clients, batch) == (4, 1000) else ["", ""]
            rows.append([f"store, batch {batch:,}, {clients} clients", f"{found:,.0f}/s", *share])
    http = over_http(projects)
    rows.append(
        [
            "HTTP, 2 processes, batch 1,000, 4 clients",
            f"{http:,.0f}/s",
            f"{http / measured[4, 1000]:.2f}",
            "the store",
        ]
    )
    bare = rate(4, unrolled, projects, 1000)
    rows.append(
        [
            "rollup in the transaction",
            f"{measured[4, 1000]:,.0f}/s",
            f"{measured[4, 1000] / bare:.2f}",
            f"without: {bare:,.0f}/s",
        ]
    )
    hot = rate(4, recorder, projects[:1], 1000)
    rows.append(["one hot project", f"{hot:,.0f}/s", f"{hot / measured[4, 1000]:.2f}", "10,000 projects"])
    return rows


def rate(
    clients: int, kind: Callable[[list[UUID], int, int], Callable[[], int]], projects: list[UUID], batch: int
) -> float:
    """Events a second of all clients together."""
    connections.close_all()
    barrier, done = FORK.Barrier(clients), FORK.Queue()

    def client(number: int) -> None:
        step = kind(projects, batch, number)
        barrier.wait()
        begun, count = time.perf_counter(), 0
        while time.perf_counter() - begun < SECONDS and (counted := step()):
            count += counted
        done.put(count / (time.perf_counter() - begun))

    processes = [FORK.Process(target=client, args=[number]) for number in range(clients)]
    for process in processes:
        process.start()
    total = sum(done.get() for _ in processes)
    for process in processes:
        process.join()
    return total


def over_http(projects: list[UUID]) -> float:
    """Events a second through the product as it is served, in batches of 1,000."""
    meter = cast.machine_application()
    with tempfile.TemporaryDirectory() as folder:
        more = {"GATEHOUSE_REDIS_URL": REDIS, "GATEHOUSE_WEB_CONCURRENCY": "2", "GATEHOUSE_VAR": str(settings.VAR)}
        with running(Path(folder), SERVE, **more) as server:
            asked = {
                "grant_type": "client_credentials",
                "client_id": meter.client_id,
                "client_secret": cast.METER_SECRET,
            }
            answer = httpx.post(f"{server.url}/api/oauth/v1/token", data=asked).raise_for_status()
            kind = partial(poster, server.url, answer.json()["access_token"])
            return rate(4, kind, projects, 1000)


def make_projects(owner: Owner, number: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO partnership_partner (id, name, contact_email, is_co_branded, is_white_label, is_enabled, "
            "is_in_maintenance, requests_per_minute, created_at) "
            "VALUES (%s, %s, 'ops@partner.example', false, true, true, false, 600, now())",
            [owner.id, owner.id],
        )
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_copy (LIKE usage_event)")
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_copy_indexed (LIKE usage_event INCLUDING INDEXES)")
    from_row = "(SELECT {0} FROM {1} ORDER BY 1 LIMIT 1)"
    rows = fetch(
        "INSERT INTO partnership_project (id, mode, environment, partner_id, name, sync_name, appkey, provisioner_id, "
        "region_id, instance_type_id, volume_size_gib, service_version_id, status, operation_status, provisioned_host, "
        "encrypted_credentials, created_at, updated_at) SELECT gen_random_uuid(), 'white_label', 'live', %s, "
        "'Project ' || n, 'Project ' || n, %s || n, (SELECT provisioner_id FROM partnership_region LIMIT 1), "
        f"{from_row.format('name', 'partnership_region')}, {from_row.format('name', 'partnership_instancetype')}, 8, "
        f"{from_row.format('name', 'partnership_serviceversion')}, 'active', '', '', '', "
        "now() - interval '400 days', now() FROM generate_series(1, %s) n RETURNING id",
        [owner.id, owner.id[-12:-8], number],
    )
    return [id_ for (id_,) in rows]


def sizes() -> list[list[str]]:
    """Bytes of events as they came, and when their generation is over and its indexes are made anew."""
    [(number,)] = fetch("SELECT count(*) FROM usage_event_1")
    rows = [size("a million events with their keys, as they came", number)]
    with connection.cursor() as cursor:
        cursor.execute("REINDEX TABLE usage_event_1")
    return [*rows, size("the same after REINDEX, as a finished generation can have it", number)]


def size(what: str, number: int) -> list[str]:
    [(heap, indexes)] = fetch("SELECT pg_relation_size('usage_event_1'), pg_indexes_size('usage_event_1')")
    words = f"{heap / number:.0f} rows, {indexes / number:.0f} indexes"
    return [what, f"{(heap + indexes) / number:.0f} MB", "", f"{words}; of {number:,}"]


def fill_year() -> None:
    """A year of days for every project, as rows: what stands behind them does not matter to reads."""
    amounts = ", ".join("(random() * 1000000)::bigint" for _ in NAMES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO usage_daily (project_id, day, {', '.join(NAMES)}) SELECT p.id, g.day::date, {amounts} "
            "FROM partnership_project p, generate_series(current_date - 365, current_date, '1 day') g (day) "
            "ON CONFLICT DO NOTHING"
        )
        cursor.execute("VACUUM ANALYZE")
    while store.keep_house(store.clock()):
        pass


def reads(large: list[UUID], small: list[UUID]) -> list[list[str]]:
    today = store.clock().date()
    yesterday = today - timedelta(days=1)
    week, year = today - timedelta(days=6), yesterday - timedelta(days=364)
    look = median(
        lambda: fetch("SELECT * FROM usage_daily WHERE project_id = %s AND day = %s", [random.choice(large), today])
    )
    project = median(lambda: store.daily(random.choice(large), week, today))
    many = median(lambda: store.owner_total(LARGE, year, yesterday))
    few = median(lambda: store.owner_total(SMALL, year, yesterday))
    begun = median(lambda: store.owner_total(LARGE, year + timedelta(days=1), today), 20)
    return [
        ["one lookup by key", ms(look), "", ""],
        ["project, 7 days", ms(project), f"{project / look:.1f}", "a lookup"],
        ["partner of 10,000 projects, 365 finished days", ms(many), f"{many / look:.1f}", "a lookup"],
        ["the same beside a partner of 100", ms(many), f"{many / few:.2f}", ms(few)],
        ["partner of 10,000 projects, 364 days and today", ms(begun), f"{begun / look:.1f}", "a lookup"],
    ]


def median(call: Callable[[], object], rounds: int = 300) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


if __name__ == "__main__":
    json.dump(main(), sys.stdout)
