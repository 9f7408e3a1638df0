"""Kills at any instruction lose nothing and double nothing (kills.py says what is looked at)."""

import json
import os
import subprocess
import sys

import psycopg
import pytest

KILLS = int(os.environ.get("GATEHOUSE_KILLS", "40"))
SERVER = os.environ.get("GATEHOUSE_DATABASE_URL", "")

pytestmark = pytest.mark.processes


def run_kills(tmp_path, server: str) -> dict[str, object]:
    environment = {**os.environ, "GATEHOUSE_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    environment["GATEHOUSE_EMBEDDED_PROJECTS"] = str(tmp_path / "projects")
    environment.pop("GATEHOUSE_DATABASE_URL", None)
    if server:
        environment["GATEHOUSE_DATABASE_URL"] = server
    command = [sys.executable, "-m", "tests.partnership.kills", str(KILLS), "7"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=3000, check=False)
    assert done.stdout, done.stderr[-3000:]
    return json.loads(done.stdout)


def check(found: dict[str, object]) -> None:
    assert found["taken over"]
    assert {name: found[name] for name in ("open", "unsettled", "told twice or never", "orphans", "missing")} == {
        "open": 0,
        "unsettled": 0,
        "told twice or never": 0,
        "orphans": [],
        "missing": [],
    }


def test_killed_workers_on_sqlite(tmp_path):
    check(run_kills(tmp_path, ""))


@pytest.mark.postgres
def test_killed_workers_on_postgresql_with_real_databases(tmp_path):
    if not SERVER.startswith("postgresql"):
        pytest.skip("needs PostgreSQL, in a lane of .ci/run that may not skip")
    base, _, _ = SERVER.rpartition("/")
    name = f"gatehouse_kills_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            check(run_kills(tmp_path, f"{base}/{name}"))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
