"""The README's lines, run as they stand there."""

import os
import re
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.lanes.server import ROOT, running
from tests.lanes.visitor import Visitor

pytestmark = pytest.mark.processes


def test_the_lines_of_the_readme_fetch_a_machines_and_a_persons_token(tmp_path):
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / ".venv").symlink_to(ROOT / ".venv")
    with (
        running(
            tmp_path, GATEHOUSE_VAR=str(folder / "var"), GATEHOUSE_DATABASE_URL="", GATEHOUSE_REDIS_URL=""
        ) as server,
        subprocess.Popen(
            ["bash"], cwd=folder, env=os.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as shell,
    ):
        shell.stdin.write(blocks[0] + "echo\n" + blocks[1])
        shell.stdin.flush()
        machine = shell.stdout.readline()
        url = shell.stdout.readline().strip()
        callback = Visitor(server.url, server.demo["user"]).allow(url)
        code = parse_qs(urlsplit(callback).query)["code"][0]
        out, _ = shell.communicate(f"CODE={code}\n" + blocks[3], timeout=60)

    assert '"access_token"' in machine
    assert '"refresh_token"' in out
    assert '"email": "alice@example.com"' in out
