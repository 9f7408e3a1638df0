"""Writes docs/security.md: every row of docs/attacks.md, its tests, and how they ended on each database.

`python -m tests.security_report SQLITE.xml POSTGRESQL.xml...` reads what `pytest --junitxml` wrote: the
first on SQLite, the others on PostgreSQL. Without words it runs the tests of attacks on both first.
NIGHTLY_POSTGRES: the server on which a database is made for that. Exit 1 if a row failed or has no result.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from tests.contract.rows import DOCS, Row, attack_rows, rows_named
from tests.lanes import database

ROOT = DOCS.parent
PAGE = DOCS / "security.md"
SERVER = os.environ.get("NIGHTLY_POSTGRES", "postgresql://postgres@127.0.0.1:5432")
REDIS = os.environ.get("CI_REDIS", "redis://127.0.0.1:6379/15")
NAME = f"gatehouse_security_{os.getpid()}"
DATABASES = ("SQLite", "PostgreSQL")
HEAD = """\
# What was attacked, and how it went

Written by `python -m tests.security_report`, which `.ci/run` and `make nightly` call: the rows are those of
[attacks.md](attacks.md), the tests of row 61 are named `test_attack_061_...`. A dash: these tests need
several processes at once, or a server, and so ran on PostgreSQL alone.

| row | attack | tests in | SQLite | PostgreSQL |
|---:|---|---|---|---|
"""


@dataclass
class Results:
    files: set[str] = field(default_factory=set)
    ends: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))  # by database

    def of(self, database: str) -> str:
        ends = self.ends[database]
        return ", ".join(f"{number} {end}" for end, number in sorted(ends.items())) or "–"

    @property
    def is_well(self) -> bool:
        return {end for ends in self.ends.values() for end in ends} == {"passed"}


def main(*words: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(word) for word in words] or run_both(Path(folder))
        results = read(files)
    rows = attack_rows()
    PAGE.write_text(page(rows, results))
    bad = [row.key[1] for row in rows if row.issue is None and not results[row.key[1]].is_well]
    print(f"{len(rows) - len(bad)} of {len(rows)} attacks are answered as docs/attacks.md says{named(bad)}")
    return int(bool(bad))


def named(rows: list[str]) -> str:
    return f", but not {', '.join(rows)}" if rows else ""


def run_both(folder: Path) -> list[Path]:
    """What pytest wrote of the tests of attacks, on SQLite without the lanes and on PostgreSQL with them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEHOUSE_")}
    on_postgresql = {"GATEHOUSE_DATABASE_URL": f"{SERVER}/{NAME}", "GATEHOUSE_REDIS_URL": REDIS}
    runs = {
        folder / "sqlite.xml": ("not postgres and not processes and not browser and not clickhouse", {}),
        folder / "postgresql.xml": ("not browser", on_postgresql),
    }
    database.main("create", SERVER, NAME, REDIS)
    try:
        for file, (lanes, environment) in runs.items():
            command = [sys.executable, "-m", "pytest", "-k", "test_attack", "-m", lanes, f"--junitxml={file}"]
            subprocess.run(command, cwd=ROOT, env={**kept, **environment}, check=False)
    finally:
        database.main("drop", SERVER, NAME)
    return list(runs)


def read(files: Iterable[Path]) -> dict[str, Results]:
    """What came of each row; of a file that is not there, nothing."""
    found: dict[str, Results] = defaultdict(Results)
    for number, file in enumerate(files):
        kind = DATABASES[min(number, 1)]
        for case in ElementTree.parse(file).iter("testcase") if file.exists() else ():
            for _, row in rows_named(case.get("name", "")):
                found[row].files.add(file_of(case.get("classname", "")))
                found[row].ends[kind][end_of(case)] += 1
    return found


def file_of(classname: str) -> str:
    return "/".join(part for part in classname.split(".")[1:] if part.islower()) + ".py"


def end_of(case: ElementTree.Element) -> str:
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "FAILED"
    return "skipped" if "skipped" in kinds else "passed"


def page(rows: list[Row], results: dict[str, Results]) -> str:
    return HEAD + "".join(line(row, results[row.key[1]]) for row in rows)


def line(row: Row, results: Results) -> str:
    words = row.words.replace("|", "\\|")
    files = ", ".join(f"`{file}`" for file in sorted(results.files))
    return f"| {int(row.key[1])} | {words} | {files} | {results.of('SQLite')} | {results.of('PostgreSQL')} |\n"


def rows_not_reported() -> list[Row]:
    """Rows of docs/attacks.md that docs/security.md does not have in the same words."""
    text = PAGE.read_text() if PAGE.exists() else ""
    return [row for row in attack_rows() if f"\n{line(row, Results()).partition(' |  |')[0]} |" not in text]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
