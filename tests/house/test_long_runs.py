"""The shares of a long run are the whole of it, and what they find is put together."""

import pytest

from tests import nightly
from tests.long_runs import parts


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_every_part_is_in_one_share(processes):
    places = range(1, processes + 1)
    shared = [part for place in places for part in parts(2300, 500, f"{place}/{processes}")]

    assert sorted(shared) == [(0, 500), (1, 500), (2, 500), (3, 500), (4, 300)]


def test_what_two_processes_found_is_added_up():
    mine = {"steps": 10, "answers": {"ok": 3}, "failed": []}
    other = {"steps": 5, "answers": {"ok": 1, "no": 2}, "failed": ["life 7"]}

    assert nightly.added(mine, other) == {"steps": 15, "answers": {"ok": 4, "no": 2}, "failed": ["life 7"]}


def test_a_process_that_found_nothing_takes_nothing_away():
    assert nightly.added({}, {"steps": 5}) == {"steps": 5}


@pytest.mark.parametrize(
    ("is_well", "steps", "state"), [(True, 7, "passed"), (True, 6, "passed as far as it went"), (False, 6, "FAILED")]
)
def test_a_run_that_was_cut_off_says_so(is_well, steps, state):
    found = nightly.Found(nightly.RUNS[0], is_well, {"steps": steps, "asked for": 7}, 1.0)

    assert nightly.section("0123456", found).startswith(f"## {nightly.RUNS[0].name}: {state}\n")
