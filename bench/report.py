"""docs/performance.md, written whole from what the benchmarks left in bench/results."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.plot import Plot, svg

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
    """A part of what a benchmark found. `columns` and the cells of `rows` are text, the first column the row's name."""

    words: str
    columns: list[str]
    rows: list[list[str]]
    plot: Plot | None = None


@dataclass(frozen=True, slots=True)
class Result:
    title: str
    command: str
    date: str
    machine: str
    versions: str
    tables: list[Table]


def keep(name: str, result: Result) -> None:
    """Replaces what that benchmark found before."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(asdict(result), indent=2) + "\n")


def write() -> None:
    """The page of all that is kept, and its plots beside it."""
    PAGE.write_text(page())
    for path, text in plots().items():
        path.write_text(text)


def page() -> str:
    """All that is kept, by the benchmarks' names."""
    return "\n".join([HEAD, *map(section, results())])


def plots() -> dict[Path, str]:
    tables = [table for result in results() for table in result.tables]
    return {path_of(table.plot): svg(table.plot) for table in tables if table.plot}


def results() -> list[Result]:
    kept = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    return [Result(**{**each, "tables": list(map(table_of, each["tables"]))}) for each in kept]


def table_of(kept: dict[str, Any]) -> Table:
    return Table(**{**kept, "plot": Plot(**kept["plot"]) if kept.get("plot") else None})


def path_of(plot: Plot) -> Path:
    return PAGE.with_name(f"{PAGE.stem}-{plot.name}.svg")


def section(result: Result) -> str:
    lines = [f"## {result.title}\n"]
    for each in result.tables:
        picture = [f"![{each.plot.title}]({path_of(each.plot).name})\n"] if each.plot else []
        lines += [f"{each.words}\n", *picture, *table(each), ""]
    return "\n".join([*lines, f"`{result.command}`, {result.date}. {result.machine}; {result.versions}.\n"])


def table(found: Table) -> list[str]:
    align = ["---", *["---:"] * (len(found.columns) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in [found.columns, align, *found.rows]]
