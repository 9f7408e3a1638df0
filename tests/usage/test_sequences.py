"""The store against the model, on whichever database the tests run: `sequences.py`.

USAGE_SEQUENCES: how many (in lanes of .ci/run 2000 a database; `make nightly`: 100,000).
"""

import os

import pytest
from hypothesis import given

from tests.long_runs import parts
from tests.usage.sequences import SEQUENCES, Play, many

pytestmark = pytest.mark.django_db
PARTS = parts(int(os.environ.get("USAGE_SEQUENCES", "50")), 1000)


@pytest.mark.parametrize("how_many", [how_many for _, how_many in PARTS])
def test_random_lives_are_those_of_the_model(how_many):
    play = Play()

    @many(how_many)
    @given(SEQUENCES)
    def lives(sequence):
        play(sequence)

    lives()
    assert play.told["accepted"] > how_many, play.told
