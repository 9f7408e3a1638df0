"""Scripts that a lane starts and talks to by lines: those in tests/lanes/node, and whatever else waits for a person."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.lanes.visitor import Visitor

NODE = Path(__file__).parent / "node"
FINISHES_WITHIN_SECONDS = 60


def run_in_node(script: str, given: dict[str, Any], *people: Visitor, **environment: str) -> Any:
    """What `script` has to say after each of `people` in turn allowed what it asked for."""
    assert shutil.which("node"), "node is needed: .ci/run installs it"
    with subprocess.Popen(
        ["node", f"{script}.mjs", json.dumps(given)],
        cwd=NODE,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for person in people:
            asked = process.stdout.readline()
            if "authorize" not in asked:
                process.kill()
                pytest.fail(asked + process.stderr.read()[-3000:])
            process.stdin.write(person.allow(json.loads(asked)["authorize"]) + "\n")
            process.stdin.flush()
        out, failure = process.communicate(timeout=FINISHES_WITHIN_SECONDS)

    assert process.returncode == 0, failure[-3000:]
    return json.loads(out)["result"]
