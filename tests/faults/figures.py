"""Where each fault appends what it came to; `tests/reliability_report.py` makes the page of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

# How long each load goes on beside its fault: short in CI, long by night.
SECONDS = float(os.environ.get("FAULTS_SECONDS", "2"))
FILE = Path(os.environ.get("FAULTS_RESULTS", os.devnull))


def note(fault: str, found: dict[str, Any], **more: object) -> None:
    with FILE.open("a") as file:
        file.write(json.dumps({"fault": fault, **found, **more}) + "\n")
