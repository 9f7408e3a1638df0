"""Codes and tokens against their model, on whichever database the tests run: `token_lives.py`.

TOKEN_STEPS: how many steps (the lane of .ci/run 20,000; `make nightly`: a million).
"""

import os

import pytest

from tests.oauth.token_lives import Play, play_steps

pytestmark = pytest.mark.django_db
STEPS = int(os.environ.get("TOKEN_STEPS", "120"))


def test_random_lives_of_tokens_are_those_of_the_model():
    play = Play()

    play_steps(play, STEPS)

    assert play.told["refresh ok"] > STEPS // 10, play.told
