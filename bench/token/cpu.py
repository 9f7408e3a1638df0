"""What processes have cost so far, from Linux's /proc."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Stat:
    pid: int
    parent: int
    seconds: float  # of CPU, user and system


def stats() -> Iterator[Stat]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            fields = path.read_text().rpartition(")")[2].split()
            yield Stat(int(path.parent.name), int(fields[1]), (int(fields[11]) + int(fields[12])) / TICK)


def tree(root: int) -> list[Stat]:
    """`root` and all that descends from it."""
    known = {each.pid: each for each in stats()}
    found = [known[root]]
    for each in found:
        found += [child for child in known.values() if child.parent == each.pid]
    return found


def of_tree(root: int) -> float:
    """Seconds of CPU that `root` and its living descendants have used."""
    return sum(each.seconds for each in tree(root))


def of_database(name: str) -> float:
    """Seconds of CPU that PostgreSQL's processes for the database have used: those of its connections and
    of autovacuum. Nobody else's load on the server is in it.
    """
    return sum(each.seconds for each in stats() if serves(each.pid, name))


def serves(pid: int, database: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split()
    except OSError:
        return False
    return words[:1] == ["postgres:"] and database in words
