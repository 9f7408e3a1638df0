"""The benchmarks still run, and what they drew is what they found. No time is ever asserted."""

import os
import subprocess
import sys

import pytest

from bench import report
from tests.lanes.server import ROOT


@pytest.mark.processes
def test_the_token_path_is_measured_on_two_servers():
    server, _, _ = os.environ["GATEHOUSE_DATABASE_URL"].rpartition("/")
    before = report.PAGE.read_text()
    settings = {
        "BENCH_SMOKE": "1",
        "BENCH_POSTGRES": f"{server}/postgres",
        "BENCH_REDIS": os.environ["GATEHOUSE_REDIS_URL"],
    }

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.run", "token-path"],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    assert report.PAGE.read_text() == before, "a brief run is no measurement"


def test_the_plots_are_of_what_was_measured():
    for path, drawn in report.plots().items():
        assert path.read_text() == drawn, path.name
