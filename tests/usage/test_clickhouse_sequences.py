"""The store with its events in ClickHouse against the model, while deliveries are slow, doubled, cut off and overtaken.

USAGE_SEQUENCES: how many.
"""

import os
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.usage.embedded_clickhouse import Restless
from tests.usage.sequences import EVENTS, IDS, MIDNIGHT, SENDERS, SOURCES, STEPS, Play, Sequence, many
from usage.sql_store import closing

pytestmark = [pytest.mark.django_db, pytest.mark.clickhouse]
HOW_MANY = int(os.environ.get("USAGE_SEQUENCES", "30"))
COPIES = st.tuples(st.just("copy"), st.sampled_from(["once", "once", "cut_off", "stall", "arrive"]))
AGEING = st.sampled_from([[("age", True)], [("age", True)], [("age", False)], []])
STEPS_AND_COPIES = st.lists(st.one_of(STEPS, COPIES, COPIES), min_size=2, max_size=6)


@st.composite
def late_voids(draw):
    """Of events that PostgreSQL may not have any more."""
    at = MIDNIGHT + timedelta(days=draw(st.integers(75, 82)))
    voided = draw(st.sampled_from(SOURCES)), draw(st.sampled_from(IDS))
    return draw(st.sampled_from(SOURCES)), f"void-{draw(st.integers(0, 3))}", at, 0, voided


@st.composite
def sequences(draw):
    """Most of them outlive two generations: what came first is in ClickHouse alone then, if it was there."""
    pool = draw(EVENTS) + draw(st.lists(late_voids(), min_size=2, max_size=4))
    places = st.lists(st.integers(0, len(pool) - 1), min_size=3, max_size=9)
    sends = st.lists(st.tuples(st.just("send"), st.sampled_from(SENDERS), places), min_size=1, max_size=3)
    before, after = draw(STEPS_AND_COPIES), draw(sends) + draw(STEPS_AND_COPIES)
    return pool, [*before, *draw(AGEING), *after]


class Copied(Sequence):
    """As it stands it is compared, and again when everything has come."""

    moved = 0

    def age(self, is_settled):
        """Half a quarter twice; what is over is closed, and given up by PostgreSQL if ClickHouse has it."""
        for _ in range(2):
            self.wait(41)
            self.keep()
        self.close(1)
        if is_settled:
            self.sql.settle(self.now)
        self.forget(400)
        Copied.moved += len(closing.moved())

    def compare(self):
        super().compare()
        self.sql.settle(self.now)
        super().compare()


def test_random_lives_with_restless_workers_are_those_of_the_model(monkeypatch):
    play = Play(make=Restless)
    monkeypatch.setattr("tests.usage.sequences.Sequence", Copied)

    @many(HOW_MANY)
    @given(sequences())
    def lives(sequence):
        play(sequence)

    lives()
    assert play.told["accepted"] > HOW_MANY, play.told
    assert Copied.moved > HOW_MANY / 10
