"""Metering on PostgreSQL beside what the same machine can do at best: a Markdown table.

`python -m bench.run usage`, `make bench-usage`. An empty database is made on the server and dropped;
what is measured in it stands in `bench/usage_child.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from bench.report import Table

ROOT = Path(__file__).resolve().parents[1]
WORDS = (
    "10,000 projects, ids in ULID, one amount an event, every client a process. `share` is of what stands in "
    "the same row's last column; a lookup is one row by primary key through the same driver."
)


def measure(server: str) -> list[Table]:
    return [Table(WORDS, ["what", "measured", "share", "of"], rows_of("bench.usage_child", server))]


def rows_of(child: str, server: str) -> list[list[str]]:
    """What `child`, a module, prints, run with a database of its own."""
    database = "gatehouse_" + child.replace(".", "_")
    address = f"{server.rsplit('/', 1)[0]}/{database}"
    with psycopg.connect(server, autocommit=True) as admin, tempfile.TemporaryDirectory() as folder:
        admin.execute(f"DROP DATABASE IF EXISTS {database}")
        admin.execute(f"CREATE DATABASE {database}")
        try:
            settings = {
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "GATEHOUSE_PROFILE": "embedded",
                "GATEHOUSE_VAR": folder,
                "GATEHOUSE_DATABASE_URL": address,
            }
            command = [sys.executable, "-W", "ignore", "-m", child]
            done = subprocess.run(
                command, cwd=ROOT, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True, check=True
            )
        finally:
            admin.execute(f"DROP DATABASE {database} WITH (FORCE)")
    rows: list[list[str]] = json.loads(done.stdout)
    return rows
