"""docs/performance.md, written whole from what the benchmarks left in bench/results."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"

HEAD = """\
# Performance

Written by `make bench` from `bench/results`; nothing here is typed. Numbers are of the machine they were measured
on, which other work shared: compare them within a table.
"""


@dataclass(frozen=True, slots=True)
class Table:
    """What one benchmark found. `columns` and the cells of `rows` are text, the first column the row's name."""

    words: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Result:
    title: str
    command: str
    date: str
    machine: str
    versions: str
    table: Table


def keep(name: str, result: Result) -> None:
    """Replaces what that benchmark found before."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(asdict(result), indent=2) + "\n")


def page() -> str:
    """All that is kept, by the benchmarks' names."""
    results = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    sections = [section(Result(**{**each, "table": Table(**each["table"])})) for each in results]
    return "\n".join([HEAD, *sections])


def section(result: Result) -> str:
    lines = [
        f"## {result.title}\n",
        f"{result.table.words}\n",
        *table(result.table),
        f"\n`{result.command}`, {result.date}. {result.machine}; {result.versions}.\n",
    ]
    return "\n".join(lines)


def table(found: Table) -> list[str]:
    align = ["---", *["---:"] * (len(found.columns) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in [found.columns, align, *found.rows]]
