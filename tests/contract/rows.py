"""The rows of the contract and of docs/attacks.md, and which tests prove each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
ATTACK_ROW = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)
MCP_ROW = re.compile(r"^\| M(\d+) \|[^|]+\| (.+?) \|", re.MULTILINE)
MCP_TEST = re.compile(r"test_mcp((?:_m\d\d)+)_")
ATTACK_TEST = re.compile(r"test_attack_(\d{3,})_")

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    key: Key
    words: str
    issue: int | None = None  # the later issue that brings it


def contract_rows() -> list[Row]:
    """Every row of docs/contract/rows.toml."""
    held = tomllib.loads((DOCS / "contract" / "rows.toml").read_text())
    later = held.pop("later")
    held.pop("mcp")
    rows = list(rows_of(held, None))
    for issue, files in later.items():
        rows += rows_of({name: part for name, part in files.items() if name not in ("attacks", "mcp")}, int(issue))
    return rows


def rows_of(files: Mapping[str, Mapping[str, Mapping[str, str]]], issue: int | None) -> Iterable[Row]:
    for file, sections in files.items():
        for section, names in sections.items():
            for name, words in names.items():
                yield Row((file, section, name), words, issue)


def attack_rows() -> list[Row]:
    """Every numbered row of docs/attacks.md."""
    later = tomllib.loads((DOCS / "contract" / "rows.toml").read_text())["later"]
    issue_of = {row: int(issue) for issue, part in later.items() for row in part.get("attacks", {}).get("rows", [])}
    text = (DOCS / "attacks.md").read_text()
    return [
        Row(("attacks.md", f"{int(number):03}"), words, issue_of.get(int(number)))
        for number, words in ATTACK_ROW.findall(text)
    ]


def mcp_rows() -> list[Row]:
    """Every row of what agent clients need, in docs/attacks.md."""
    held = tomllib.loads((DOCS / "contract" / "rows.toml").read_text())
    issue_of = {row: int(issue) for issue, part in held["later"].items() for row in part.get("mcp", {}).get("rows", [])}
    text = (DOCS / "attacks.md").read_text()
    return [Row(mcp_key(number), words, issue_of.get(int(number))) for number, words in MCP_ROW.findall(text)]


def mcp_key(number: str) -> Key:
    return ("attacks.md", f"M{int(number):02}")


def proven_elsewhere() -> dict[Key, list[Key]]:
    """Rows of agent clients that other rows prove too: what the tests of those prove."""
    held = tomllib.loads((DOCS / "contract" / "rows.toml").read_text())["mcp"]["proven by"]
    return {mcp_key(name[1:]): [tuple(row.split(" / ")) for row in rows] for name, rows in held.items()}


def rows_named(test_name: str) -> list[Key]:
    """The rows that a test's name says it proves."""
    if attack := ATTACK_TEST.match(test_name):
        return [("attacks.md", f"{int(attack[1]):03}")]
    mcp = MCP_TEST.match(test_name)
    return [mcp_key(number) for number in re.findall(r"\d+", mcp[1])] if mcp else []


def lost_words(rows: Iterable[Row]) -> list[Row]:
    """Contract rows whose words the contract's text no longer has."""
    texts: dict[str, str] = {}
    for row in rows:
        texts.setdefault(row.key[0], (DOCS / "contract" / row.key[0]).read_text())
    return [row for row in rows if row.words not in texts[row.key[0]]]
