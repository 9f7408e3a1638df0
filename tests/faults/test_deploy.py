"""A new version goes out under load: its migrations while the old one runs, then one web after the other.

The old version is the commit before the one that brought the newest migration, if the repository
knows it; else this code with nothing to migrate, and the figures say so.
"""

import signal
import subprocess
import tarfile
import time
from contextlib import ExitStack
from io import BytesIO

import pytest

from tests.faults import figures
from tests.faults.balancer import balancing
from tests.faults.checks import check
from tests.faults.load import under_load
from tests.lanes.server import ROOT

pytestmark = pytest.mark.processes


def git(*words):
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False).stdout


def old_version(folder):
    """The commit, and where its code is now."""
    newest = git("log", "-1", "--diff-filter=A", "--format=%H", "--", "*/migrations/0*.py").decode().strip()
    before = git("rev-parse", "--short", "--verify", "--quiet", f"{newest}~1").decode().strip() if newest else ""
    if not before:
        return "this one", ROOT
    with tarfile.open(fileobj=BytesIO(git("archive", before))) as archive:
        archive.extractall(folder, filter="data")
    return before, folder


def test_old_and_new_side_by_side(house, tmp_path):
    commit, old = old_version(tmp_path / "old")
    deployed = house.with_database("deployed")
    deployed.manage("migrate", "-v", "0", cwd=old)
    with ExitStack() as stack:
        first = stack.enter_context(deployed.serving("old", cwd=old))
        worker = stack.enter_context(deployed.working(cwd=old))
        balancer = stack.enter_context(balancing(first.url))
        cast = deployed.cast(first, balancer.url)
        with under_load(*cast.everybody()):
            time.sleep(figures.SECONDS / 2)
            deployed.manage("migrate", "-v", "0")
            time.sleep(figures.SECONDS / 2)
            second = stack.enter_context(deployed.serving("new"))
            balancer.send_to(first.url, second.url)  # both for a while
            time.sleep(figures.SECONDS)
            balancer.take_out(first.url)
            first.process.send_signal(signal.SIGTERM)
            assert first.process.wait(timeout=30) == 0
            worker.stop(signal.SIGTERM)
            worker.start(ROOT)
            time.sleep(figures.SECONDS / 2)
        check(deployed, f"A new version goes out, after commit {commit}", cast)
