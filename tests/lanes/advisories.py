"""Whether any package of the locks has a known vulnerability: python -m tests.lanes.advisories

Exit 1 for each that has one. Where the service of advisories can't be reached, or does not know the packages
(a mirror without it), nothing was learnt: this says so, for how many, and passes.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from tests.lanes.server import ROOT

CLIENTS_LOCK = "tests/lanes/python/requirements.lock"  # of a lane, in an environment of its own
LOCKS = ("requirements.lock", "requirements-tracing.lock", "requirements-dev.lock", "requirements-clickhouse.lock")
TIMEOUT_SECONDS = 300


@dataclass
class Answer:
    """`vulnerable`: a line for each finding. `unknown`: packages of which the service said nothing."""

    asked: int = 0
    unknown: int = 0
    vulnerable: list[str] = field(default_factory=list)


def read(report: dict[str, Any]) -> Answer:
    """What `pip-audit --format json` said."""
    answer = Answer()
    for package in report["dependencies"]:
        answer.asked += 1
        if "skip_reason" in package:
            answer.unknown += 1
        for advisory in package.get("vulns", []):
            mended = ", ".join(advisory["fix_versions"]) or "no release yet"
            answer.vulnerable.append(f"{package['name']} {package['version']}: {advisory['id']}, mended in {mended}")
    return answer


def ask(lock: str) -> Answer | None:
    """None where the service gave no report at all."""
    command = [ROOT / ".venv" / "bin" / "pip-audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    try:
        said = subprocess.run(
            [*command, "--format", "json", "--requirement", ROOT / lock],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        return read(json.loads(said.stdout))
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None


def told(lock: str, answer: Answer | None) -> str:
    if answer is None:
        return f"{lock}: the service of advisories was NOT reached. Nothing was learnt."
    lines = [f"{lock}: {answer.asked} packages, {len(answer.vulnerable)} known vulnerabilities", *answer.vulnerable]
    if answer.unknown:
        lines.append(f"  NOT answered for {answer.unknown} of {answer.asked}: of these nothing was learnt.")
    return "\n".join(lines)


def main() -> int:
    is_vulnerable = False
    for lock in (*LOCKS, CLIENTS_LOCK):
        answer = ask(lock)
        print(told(lock, answer), flush=True)
        is_vulnerable = is_vulnerable or bool(answer and answer.vulnerable)
    return 1 if is_vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
