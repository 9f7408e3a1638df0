"""What every driver promises (provisioners/base.py): each verb twice, and cut off after each step.

A cut is real: an exception out of the step hook, as a lost lease raises it, or a process that
is killed there with SIGKILL.
"""

from contextlib import suppress
from functools import partial

import pytest

from partnership.provisioners.base import Busy, DriverError
from tests.partnership.provisioners.grounds import (
    VERBS,
    Cut,
    Ground,
    OsbGround,
    cutting,
    die_here,
    in_a_process,
    stop_here,
)

each_verb = pytest.mark.parametrize("verb", VERBS)


class TestContract:
    def test_a_place_that_answers_is_reached_and_stays_as_it_is(self, ground: Ground):
        ground.driver.reach()
        ground.prepare("create")
        ground.call("create", spec=ground.wanted("create"))
        ground.driver.reach()
        ground.check("create")

    @each_verb
    def test_a_verb_does_what_it_says(self, ground: Ground, verb: str):
        ground.prepare(verb)
        ground.call(verb, spec=ground.wanted(verb))
        ground.check(verb)

    @each_verb
    def test_a_verb_that_ran_runs_again(self, ground: Ground, verb: str):
        ground.prepare(verb)
        for _ in range(2):
            ground.call(verb, spec=ground.wanted(verb))
            ground.check(verb)

    @each_verb
    def test_a_verb_cut_off_at_any_step_is_finished_by_the_next_try(self, ground: Ground, verb: str):
        for number in range(99):
            step, seen = cutting(number, stop_here)
            ground.prepare(verb)
            try:
                ground.call(verb, step, ground.wanted(verb))
            except Cut:
                ground.call(verb, spec=ground.wanted(verb))
            ground.check(verb)
            ground.call("delete")
            if len(seen) <= number:
                return
        raise AssertionError("the verb never came to its end")

    @pytest.mark.processes
    @each_verb
    def test_a_verb_whose_process_is_killed_at_any_step_is_finished_by_the_next_try(self, ground: Ground, verb: str):
        for number in range(99):
            step, _ = cutting(number, die_here)
            ground.prepare(verb)
            was_whole = in_a_process(partial(ground.call, verb, step, ground.wanted(verb)))
            ground.call(verb, spec=ground.wanted(verb))
            ground.check(verb)
            ground.call("delete")
            if was_whole:
                return
        raise AssertionError("the verb never came to its end")

    @each_verb
    def test_delete_leaves_nothing_of_a_verb_cut_off_at_any_step(self, ground: Ground, verb: str):
        for number in range(99):
            step, seen = cutting(number, stop_here)
            ground.prepare(verb)
            with suppress(Cut):
                ground.call(verb, step, ground.wanted(verb))
            ground.call("delete")
            assert not ground.is_there()
            if len(seen) <= number:
                return
        raise AssertionError("the verb never came to its end")

    def test_delete_of_what_never_was_succeeds(self, ground: Ground):
        ground.call("delete")
        assert not ground.is_there()

    @pytest.mark.parametrize("verb", ["pause", "restore", "resize", "restart"])
    def test_a_verb_on_what_is_not_there_is_refused_and_makes_nothing(self, ground: Ground, verb: str):
        with pytest.raises(DriverError) as refusal:
            ground.call(verb)
        assert not refusal.value.is_retryable
        assert not ground.is_there()

    def test_measure_is_repeatable_and_changes_nothing(self, ground: Ground):
        if ground.measures_nothing:
            pytest.skip("a service broker tells no sizes: test_osb.py")
        ground.prepare("pause")
        first = ground.driver.measure(ground.spec)
        assert ground.driver.measure(ground.spec) == first
        assert first.database_bytes > 4096
        assert ground.lets_in()

    def test_a_project_that_somebody_works_on_is_busy(self, ground: Ground):
        if isinstance(ground, OsbGround):
            pytest.skip("the broker itself says so: test_osb.py, ConcurrencyError")
        ground.call("create")
        seen = []

        def step(name: str) -> None:
            with pytest.raises(Busy):
                ground.driver.delete(ground.spec, lambda _name: None, {})
            seen.append(name)

        ground.driver.pause(ground.spec, step, {})
        assert seen

    def test_what_is_not_there_can_not_be_measured(self, ground: Ground):
        with pytest.raises(DriverError):
            ground.driver.measure(ground.spec)

    def test_a_project_made_again_after_its_deletion_is_empty(self, ground: Ground):
        ground.prepare("delete")
        ground.call("delete")
        ground.call("create")
        ground.put("new")
        assert ground.has("new")

    def test_no_refusal_tells_a_secret(self, ground: Ground):
        with pytest.raises(DriverError) as refusal:
            ground.call("pause")
        told = f"{refusal.value.message} {refusal.value.detail}"
        assert "password" not in told
        assert ground.spec.api_key not in told
