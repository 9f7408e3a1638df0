"""Codes and tokens against their model, on whichever database the tests run: `token_lives.py`.

TOKEN_STEPS: how many steps (the lane of .ci/run 20,000; `make nightly`: a million).
"""

import os

import pytest

from tests.long_runs import parts
from tests.oauth.token_lives import STEPS_OF_A_PART, Play, play_steps

pytestmark = pytest.mark.django_db
PARTS = parts(int(os.environ.get("TOKEN_STEPS", "120")), STEPS_OF_A_PART)


@pytest.mark.parametrize(("part", "steps"), PARTS)
def test_random_lives_of_tokens_are_those_of_the_model(part, steps):
    play = Play()

    play_steps(play, part, steps)

    assert play.told["refresh ok"] > steps // 10, play.told
