"""The lines of the README and of the guides that begin after `make run`, run as they stand there."""

import os
import re
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.lanes.server import ROOT, running
from tests.lanes.visitor import Visitor

pytestmark = pytest.mark.processes


def blocks_of(document):
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "clone"
    made.mkdir()
    (made / ".venv").symlink_to(ROOT / ".venv")
    return made


@pytest.fixture
def server(tmp_path, folder):
    with running(
        tmp_path, GATEHOUSE_VAR=str(folder / "var"), GATEHOUSE_DATABASE_URL="", GATEHOUSE_REDIS_URL=""
    ) as started:
        yield started


def test_the_lines_of_the_readme_fetch_a_machines_and_a_persons_token(server, folder):
    blocks = blocks_of("README.md")
    with subprocess.Popen(
        ["bash"], cwd=folder, env=os.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        shell.stdin.write(blocks[0] + blocks[1])
        shell.stdin.flush()
        machine = shell.stdout.readline()
        url = shell.stdout.readline().strip()
        callback = Visitor(server.url, server.demo["user"]).allow(url)
        code = parse_qs(urlsplit(callback).query)["code"][0]
        out, _ = shell.communicate(f"CODE={code}\n" + blocks[3], timeout=60)

    assert '"access_token"' in machine
    assert '"refresh_token"' in out
    assert '"email": "alice@example.com"' in out


def test_the_lines_of_the_guides_run_in_one_shell_after_those_of_the_readme(server, folder):
    lines = [*blocks_of("README.md")[:2], *blocks_of("docs/partners.md"), *blocks_of("docs/usage.md")]
    done = subprocess.run(
        ["bash", "-eu"], input="".join(lines), cwd=folder, capture_output=True, text=True, timeout=120, check=True
    )

    assert done.stderr == ""
    assert '"accepted": 1, "duplicates": 0, "rejected": []' in done.stdout
    assert '"paused"' in done.stdout
    assert re.findall(r'"success": false|"error"|"code": "(?!invalid_value)[a-z_]+"', done.stdout) == []
