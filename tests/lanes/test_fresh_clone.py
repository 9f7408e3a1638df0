"""What a newcomer does: clone into an empty folder, `make run`, fetch a token. Times are printed."""

import os
import shutil
import subprocess
import time

import pytest

from tests.lanes.server import ROOT, running
from tests.lanes.visitor import tokens_of

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fresh") / "gatehouse"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    yield folder
    shutil.rmtree(folder)


def started(clone, tmp_path):
    """`make run` with nothing of this process's virtual environment or settings in its way."""
    path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if ".venv" not in part)
    plain = {"PATH": path, "GATEHOUSE_VAR": str(clone / "var"), "VIRTUAL_ENV": "", "MAKEFLAGS": "", "MAKELEVEL": ""}
    nothing = {"GATEHOUSE_DATABASE_URL": "", "GATEHOUSE_REDIS_URL": "", "PYTHONPATH": "", "GATEHOUSE_BASE_URL": ""}
    return running(tmp_path, ("make", "run"), cwd=clone, **{**nothing, **plain})


def test_a_newcomer_has_a_token_the_first_time_and_every_time(clone, tmp_path, capsys):
    times = []
    for _ in ("cold", "warm", "again"):
        begun = time.monotonic()
        with started(clone, tmp_path) as server:
            ready = time.monotonic() - begun
            assert server.demo["base_url"] == server.url
            token = tokens_of(server)
            times.append((ready, time.monotonic() - begun))
        assert token["token_type"] == "Bearer"
    with capsys.disabled():
        for name, (ready, first_token) in zip(("cold", "warm", "again"), times, strict=True):
            print(f"\n  make run, {name}: ready after {ready:.1f} s, first token after {first_token:.1f} s")


def test_a_clone_is_clean_after_it(clone):
    state = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)

    assert state.stdout == ""


def test_demo_secrets_are_for_this_person_alone(clone):
    assert (clone / "var" / "demo.json").stat().st_mode & 0o777 == 0o600
