"""`make matrix`: each row of the contract and of docs/attacks.md, with the tests that prove it.

Exit 1 when a row of an issue that is done has no test, when a test names a row that is not
there, when the contract no longer has a row's words, and when docs/security.md lacks an attack.
Tests are collected, not run.
"""

from __future__ import annotations

import sys
from collections import defaultdict

import pytest

from tests.contract.rows import (
    Key,
    Row,
    attack_rows,
    contract_rows,
    lost_words,
    mcp_rows,
    proven_elsewhere,
    rows_named,
)
from tests.security_report import rows_not_reported


class Collector:
    """A pytest plugin that notes which test proves which row."""

    def __init__(self) -> None:
        self.proofs: dict[Key, list[str]] = defaultdict(list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            name = item.nodeid.partition("[")[0]
            keys = [tuple(mark.args) for mark in item.iter_markers("contract")]
            for key in [*keys, *rows_named(item.name)]:
                if name not in self.proofs[key]:
                    self.proofs[key].append(name)


def main() -> int:
    collector = Collector()
    # Twice quiet: pytest lists no test names. The lanes' marks are collected too.
    if pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", "-m", ""], plugins=[collector]):
        return 1
    for key, others in proven_elsewhere().items():
        for other in others:
            collector.proofs[key] += collector.proofs.get(other, [])
    rows = contract_rows() + attack_rows() + mcp_rows()
    for row in rows:
        print(line(row, collector.proofs.get(row.key, [])))
    red = [row for row in rows if row.issue is None and not collector.proofs.get(row.key)]
    files = {row.key[0] for row in rows}
    unknown = {key for key in collector.proofs if key[0] in files} - {row.key for row in rows}
    lost = lost_words(contract_rows())
    for key in sorted(unknown):
        print(f"NO SUCH ROW  {' / '.join(key)}: {', '.join(collector.proofs[key])}")
    for row in lost:
        print(f"WORDS GONE   {' / '.join(row.key)}: {row.words}")
    unreported = rows_not_reported()
    for row in unreported:
        print(f"NOT IN docs/security.md  {' / '.join(row.key)}: run python -m tests.security_report")
    later = sum(row.issue is not None and row.key not in collector.proofs for row in rows)
    print(f"{len(rows)} rows: {len(rows) - len(red) - later} proven, {len(red)} red, {later} of later issues")
    return 1 if red or unknown or lost or unreported else 0


def line(row: Row, tests: list[str]) -> str:
    mark = "ok   " if tests else "RED  " if row.issue is None else "later"
    shown = "".join(f"\n        {test}" for test in tests) or ("" if row.issue is None else f"  (issue {row.issue})")
    return f"{mark} {' / '.join(row.key)}{shown}"


if __name__ == "__main__":
    sys.exit(main())
