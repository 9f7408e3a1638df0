"""The store against the model, on whichever database the tests run: `sequences.py`.

USAGE_SEQUENCES: how many (in lanes of .ci/run 2000 a database; `make nightly`: 100,000).
"""

import os

import pytest
from hypothesis import given

from tests.usage.sequences import SEQUENCES, Play, many

pytestmark = pytest.mark.django_db
HOW_MANY = int(os.environ.get("USAGE_SEQUENCES", "50"))


def test_random_lives_are_those_of_the_model():
    play = Play()

    @many(HOW_MANY)
    @given(SEQUENCES)
    def lives(sequence):
        play(sequence)

    lives()
    assert play.told["accepted"] > HOW_MANY, play.told
