"""Two web processes and two workers on two hosts, with PostgreSQL and Redis on a third: the contract holds.

The tests of the contract's rows are run once more, over HTTP to both in turn (`over_hosts.py`).
"""

import contextlib
import json
import os
import signal
import subprocess
import sys

import psycopg
import pytest

from tests.lanes.hosts import two_hosts
from tests.lanes.over_hosts import keep_baseline, restore_baseline
from tests.lanes.own_servers import own_postgres, own_redis
from tests.lanes.server import ROOT, SHARED_SECRETS, stop, wait_until_ready

pytestmark = pytest.mark.processes
PORT = 8000
ROWS = 100  # of the contract, at least


@contextlib.contextmanager
def started(host, words, environment, log):
    """`manage.py words` on `host`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*host.prefix, sys.executable, "manage.py", *words],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            stop(process)


@contextlib.contextmanager
def two_of_each(folder):
    """The environment of the four, and the addresses of web."""
    with (
        two_hosts() as hosts,
        own_postgres(hosts.own, hosts.network) as postgres,
        own_redis(hosts.own) as redis,
        contextlib.ExitStack() as all_,
    ):
        environment = {
            **SHARED_SECRETS,
            "GATEHOUSE_PROFILE": "embedded",
            "GATEHOUSE_BASE_URL": "http://localhost:8000",
            "GATEHOUSE_ALLOWED_HOSTS": "localhost,testserver",
            "GATEHOUSE_TRUSTED_PROXIES": hosts.network,
            "GATEHOUSE_DATABASE_URL": postgres.url,
            "GATEHOUSE_REDIS_URL": redis,
            "GATEHOUSE_VAR": str(folder),
            "GATEHOUSE_WEB_CONCURRENCY": "1",
            "GATEHOUSE_WEB_THREADS": "6",
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=ROOT,
            env={**os.environ, **environment},
            check=True,
        )
        with psycopg.connect(postgres.url) as wire:
            keep_baseline(wire.cursor())
        urls = []
        for host in hosts.others:
            log = folder / f"{host.name}-web.log"
            words = ["serve", "--no-worker", "--host", host.address, "--port", str(PORT)]
            web = all_.enter_context(started(host, words, environment, log))
            urls.append(f"http://{host.address}:{PORT}")
            wait_until_ready(urls[-1], web, log)
        with psycopg.connect(postgres.url) as wire:
            restore_baseline(wire.cursor())  # what the embedded profile makes for who tries it out
        workers = [
            all_.enter_context(started(host, ["work"], environment, folder / f"{host.name}-worker.log"))
            for host in hosts.others
        ]
        yield environment, urls, workers, hosts


def run_contract(environment, urls, folder, *words):
    """What the plugin reports, and pytest's own words."""
    report = folder / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.lanes.over_hosts", "--reuse-db", "--tb=short", *words],
        cwd=ROOT,
        env={**os.environ, **environment, "OVER_HOSTS": ",".join(urls), "OVER_HOSTS_REPORT": str(report)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.exists(), done.stderr[-3000:]
    return json.loads(report.read_text()), done.stdout


@contextlib.contextmanager
def held(processes):
    """They do nothing meanwhile."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


def test_the_contract_holds_over_two_hosts(tmp_path):
    cache = f"cache_dir={tmp_path}/cache"
    with two_of_each(tmp_path) as (environment, urls, workers, hosts):
        told, said = run_contract(environment, urls, tmp_path, "-o", cache)
        passed, rows, again = set(told["passed"]), set(told["rows"]), {"passed": [], "failed": []}
        if told["failed"]:
            with held(workers):
                again, said = run_contract(environment, urls, tmp_path, "-o", cache, "--last-failed")
    passed, rows = passed | set(again["passed"]), rows | set(again["rows"])
    print(f"\nhosts apart: {hosts.are_apart}; answers over HTTP: {told['answers']}, each host half of them")
    print(f"tests passed: {len(passed)}, of them {len(again['passed'])} while the workers were held")
    print(f"rows of the contract with a test that passed: {len(rows)}; tests left out: {len(told['left out'])}")
    assert again["failed"] == [], said[-6000:]
    assert len(rows) > ROWS
