"""Random lives of codes and tokens, played through the wire and on the model in memory.

A life is a list of steps: people allow, clients redeem, refresh and revoke (rightly, wrongly,
twice, in another's name), staff and people end things, time passes, the worker sweeps. After
each step the wire must say of every token what the model says.
"""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import override_settings

from accounts import clock as instants
from config.rate_limits import DEFAULT_RATE_LIMITS
from tests.long_runs import is_over
from tests.oauth.token_life import BEGIN, Cast, Life, Step

UNLIMITED = {name: (10**9, seconds) for name, (_count, seconds) in DEFAULT_RATE_LIMITS.items()}

ONE_OF_THE_LAST = (0, 0, 0, 1, 1, 2, 3, 5)
# How far from the client to whom it belongs, and from its newest secret: mostly the right one.
BY, SECRET = (0, 0, 0, 0, 0, 0, 0, 1, 2), (0, 0, 0, 0, 0, 1, 2)
CLIENT, PERSON = (0, 1, 2), (0, 1)
STEPS_OF_A_LIFE = 30
STEPS_OF_A_PART = 1000
# Verb: how often of a hundred, and what its words are drawn from.
VERBS: dict[str, tuple[int, tuple[tuple[Any, ...], ...]]] = {
    "grant": (11, (CLIENT, PERSON)),
    "allow": (8, (CLIENT, PERSON)),
    "authorize": (3, (CLIENT, PERSON)),
    "guess": (2, (ONE_OF_THE_LAST, (4, 5))),
    "redeem": (11, (ONE_OF_THE_LAST, (True, True, True, False), BY, SECRET)),
    "refresh": (22, (ONE_OF_THE_LAST, (0, 0, 0, 0, 1, 1, 1, 2, 9), BY, SECRET)),
    "garbage": (4, (ONE_OF_THE_LAST, tuple(range(71)))),
    "revoke_family": (3, (ONE_OF_THE_LAST, (0, 1, 2), BY, SECRET)),
    "revoke_access": (4, (ONE_OF_THE_LAST, BY, SECRET)),
    "wait": (14, ((1, 29, 30, 31, 299, 300, 3599, 3600, 86_400, 10 * 86_400),)),
    "sweep": (3, ()),
    "switch_client": (3, (CLIENT,)),
    "rotate_secret": (4, (CLIENT, (0, 86_400))),
    "switch_person": (3, (PERSON,)),
    "change_password": (2, (PERSON,)),
    "cut": (4, (ONE_OF_THE_LAST,)),
}


def life_of(seed: int) -> list[Step]:
    """The same steps for the same number."""
    draw = random.Random(seed)
    verbs = draw.choices(list(VERBS), [often for often, _ in VERBS.values()], k=STEPS_OF_A_LIFE)
    return [(verb, *(draw.choice(words) for words in VERBS[verb][1])) for verb in verbs]


@dataclass
class Play(Cast):
    """Lives of one cast, each of which is undone."""

    def __call__(self, steps: list[Step]) -> None:
        try:
            with (
                time_machine.travel(BEGIN, tick=False) as clock,
                override_settings(RATE_LIMITS=UNLIMITED),
                pytest.MonkeyPatch.context() as patch,
                transaction.atomic(),
            ):
                patch.setattr(instants, "is_postgresql", lambda: False)  # the database's goes on by itself
                Life(self, clock).play(steps)
                transaction.set_rollback(True)
        finally:
            for row in (*self.applications, *self.people):
                row.refresh_from_db()


def play_steps(play: Play, part: int, wanted: int) -> int:
    """Plays the lives of a part until they were `wanted` steps; how many. A difference names its life, shortened."""
    first, enough = part * STEPS_OF_A_PART, play.steps + wanted
    logging.disable(logging.CRITICAL)
    try:
        for seed in count(first):
            if play.steps >= enough or is_over():
                return seed - first
            try:
                play(life_of(seed))
            except Exception as difference:
                shortest = shortened(play, life_of(seed))
                raise AssertionError(f"life {seed}, which needs only {shortest}: {difference!r}") from difference
    finally:
        logging.disable(logging.NOTSET)
    raise AssertionError


def shortened(play: Play, steps: list[Step]) -> list[Step]:
    """What is left of a life that fails when each step that it can fail without is left out."""
    for place in reversed(range(len(steps))):
        without = steps[:place] + steps[place + 1 :]
        try:
            play(without)
        except Exception:
            steps = without
    return steps
