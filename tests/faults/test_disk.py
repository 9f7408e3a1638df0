"""The disk of the embedded store is full: 503 with a sentence, nothing torn, and on it goes once there is room."""

import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tests.faults import figures
from tests.faults import house as houses
from tests.faults.checks import check
from tests.faults.house import House
from tests.faults.load import under_load

pytestmark = pytest.mark.processes
MIB = 1024**2


@contextmanager
def small_disk(folder, mib):
    """A file system of its own in `folder`, which is made; needs root, as CI is."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder):
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


def test_a_full_disk(tmp_path):
    with small_disk(tmp_path / "var", 64) as var:
        house = House(tmp_path, houses.environment(var))
        with house.serving(command=(sys.executable, "manage.py", "serve")) as server:
            cast = house.cast(server)
            with under_load(*cast.everybody()):
                time.sleep(figures.SECONDS / 2)
                ballast = fill(var)
                time.sleep(figures.SECONDS + 2)
                full = list(cast.wire.book.calls)
                ballast.unlink()
                time.sleep(figures.SECONDS / 2 + 1)
            assert any(call.status == 503 for call in full)
            assert any(call.is_good for call in cast.wire.book.calls[-10:])
            assert house.rows("PRAGMA integrity_check") == [("ok",)]
            check(house, "Full disk under SQLite", cast, allowed={"503"})
