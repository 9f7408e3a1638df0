"""The same works on tables of a large deployment, with the worker's expiry sweeps beside them."""

from __future__ import annotations

import contextlib
import random
import statistics
from dataclasses import replace
from pathlib import Path

import psycopg

from bench.report import Table
from bench.token import servers
from bench.token.kinds import KINDS
from bench.token.load import Load
from bench.token.rows import copy_row
from bench.token.samples import Sample, cpu, rate
from bench.token.servers import Server
from bench.token.targets import figure, verdict
from bench.token.works import WORKS

PEOPLE, TOKENS = 1_000_000, 10_000_000
SHOWN = 5_000  # access tokens that the profile is asked with
FLAT = 0.85  # of the rate on an empty database
# An access token stays for an hour and a day: the oldest fall due while we measure, as many as come in.
SPREAD = "now() - interval '25 hours' * (number::float / {number})"
MONTH = "now() - interval '30 days' * (number::float / {number})"
PERSON, FAMILY = "md5('person' || mod(number, {people}))::uuid", "md5('family' || mod(number, {people}))::uuid"
DIGEST = "sha256(('{kind}' || number)::bytea)"


def fill(url: str) -> None:
    """People, their addresses, a used code and a token family each out of the last 30 days, and access tokens."""
    at, token_at = MONTH.format(number=PEOPLE), SPREAD.format(number=TOKENS)
    person, family = PERSON.format(people=PEOPLE), FAMILY.format(people=PEOPLE)
    address = "'large' || number || '@bench.example'"
    code = {
        "digest": DIGEST.format(kind="code"),
        "family_id": family,
        "user_id": person,
        "created_at": at,
        "expires_at": f"{at} + interval '5 minutes'",
        "used_at": f"{at} + interval '1 minute'",
    }
    of_family = {
        "id": family,
        "user_id": person,
        "created_at": at,
        "last_used_at": at,
        "expires_at": f"{at} + interval '30 days'",
    }
    token = {
        "digest": DIGEST.format(kind="token"),
        "family_id": family,
        "created_at": token_at,
        "expires_at": f"{token_at} + interval '1 hour'",
    }
    with psycopg.connect(url, autocommit=True) as connection:
        copy_row(connection, "accounts_user", PEOPLE, {"id": person, "email": address})
        copy_row(connection, "account_emailaddress", PEOPLE, {"user_id": person, "email": address})
        copy_row(connection, "oauth_provider_code", PEOPLE, code)
        copy_row(connection, "oauth_provider_tokenfamily", PEOPLE, of_family)
        copy_row(connection, "oauth_provider_accesstoken", TOKENS, token, "family_id IS NOT NULL")
        connection.execute("VACUUM ANALYZE")


def some_tokens() -> list[str]:
    """Some of those that are live for as long as we measure: what `fill` took the digests of."""
    return [f"token{number}" for number in random.sample(range(TOKENS // 50), min(SHOWN, TOKENS // 50))]


def measure(postgres: str, folder: Path, spec: Load, rounds: int) -> Table:
    """Every work on an empty database and on a filled one, in turn; each has its worker."""
    kind = KINDS["gatehouse"]
    with_worker = replace(kind, command=tuple(word for word in kind.command if word != "--no-worker"))
    codes = with_worker.codes(spec, rounds)
    with contextlib.ExitStack() as stack:
        empty, large = (
            stack.enter_context(servers.running(name, with_worker, postgres, folder, codes))
            for name in ("empty", "large")
        )
        fill(large.environment["GATEHOUSE_DATABASE_URL"])
        large.access_tokens[:] = some_tokens()
        rows = [
            row(work, [in_turn(empty, large, work, spec, turn) for turn in range(rounds)])
            for work in large.works
            if work not in ("empty", "counted")
        ]
    words = (
        f"{PEOPLE:,} people with a token family and a used code each out of 30 days, and {TOKENS:,} access tokens, "
        "against an empty database; beside each a worker with its expiry sweeps. The rate is to be at least "
        f"{FLAT:.0%} of that on the empty one."
    )
    return Table(words, ["work", "empty, requests/s", "large, requests/s", "large of empty", "CPU, times", ""], rows)


def in_turn(empty: Server, large: Server, work: str, spec: Load, turn: int) -> tuple[Sample, Sample]:
    """One measurement of each; in every second turn the large one is first."""
    if turn % 2:
        on_large = large.sample(work, spec)
        return empty.sample(work, spec), on_large
    return empty.sample(work, spec), large.sample(work, spec)


def row(work: str, pairs: list[tuple[Sample, Sample]]) -> list[str]:
    ratios = [rate(large) / rate(empty) for empty, large in pairs]
    found = statistics.median(ratios)
    return [
        WORKS[work].title,
        f"{statistics.median(rate(empty) for empty, _ in pairs):,.0f}",
        f"{statistics.median(rate(large) for _, large in pairs):,.0f}",
        f"{figure(found)} ({figure(min(ratios))} to {figure(max(ratios))})",
        figure(statistics.median(cpu(large) / cpu(empty) for empty, large in pairs)),
        verdict(found, None, FLAT),
    ]
