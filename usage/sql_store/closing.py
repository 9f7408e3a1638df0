"""Closing months, turning generations, dropping old ones."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from usage.sql_store.gate import Gate, guard, peek, through
from usage.sql_store.rebuilding import day_column
from usage.sql_store.sql import as_day, day_of, execute, fetch, is_postgresql

# Two of them reach further back than an event may be late (MAX_LATE): what comes twice is found.
GENERATION = timedelta(days=40)


def close_before(first_open_day: date, now: datetime) -> None:
    if first_open_day.day != 1 or first_open_day > day_of(now):
        raise ValueError(f"{first_open_day} is not the first of a month that has begun")
    through(lambda gate: close(gate, first_open_day), shutting=True)


def close(gate: Gate, first_open_day: date) -> None:
    if first_open_day > gate.first_open_day:
        execute("UPDATE usage_ingestgate SET first_open_day = %s", [first_open_day])
        guard(first_open_day)


def first_open_day() -> date:
    return peek().first_open_day


def oldest_event_day() -> date:
    return peek().oldest_event_day


def turn_generation(now: datetime) -> int:
    """1 if it was due and done."""
    if now - peek().generation_began_at < GENERATION:
        return 0
    return through(lambda gate: turn(gate, now), shutting=True)


def turn(gate: Gate, now: datetime) -> int:
    if now - gate.generation_began_at < GENERATION:
        return 0  # another worker did
    generation = gate.generation + 1
    if is_postgresql():
        execute(
            f"CREATE TABLE IF NOT EXISTS usage_event_{generation} PARTITION OF usage_event FOR VALUES IN ({generation})"
        )
    execute("UPDATE usage_ingestgate SET generation = %s, generation_began_at = %s", [generation, now])
    return 1


def forget(before: date, now: datetime) -> int:
    return through(lambda gate: drop(gate, min(before, gate.first_open_day)), shutting=True)


def drop(gate: Gate, before: date) -> int:
    """Drops the oldest generations while all of their events lie before `before`.

    Never the two in which ids are looked for, and never events of an open month: they are
    needed to void and to rebuild.
    """
    dropped = 0
    for generation, last, last_recorded in generations(gate):
        if last >= before:
            break
        if is_postgresql():
            execute(f"DROP TABLE usage_event_{generation}")
        else:
            execute("DELETE FROM usage_event WHERE generation = %s", [generation])
        execute("DELETE FROM usage_void WHERE by_generation = %s", [generation])
        if last_recorded:
            execute(
                "UPDATE usage_ingestgate SET oldest_event_day = %s WHERE oldest_event_day < %s",
                [last_recorded + timedelta(days=1)] * 2,
            )
        dropped += 1
    return dropped


def generations(gate: Gate) -> list[tuple[int, date, date | None]]:
    """Those that are done with and not empty, oldest first: number, last day, last day of what was recorded."""
    if is_postgresql():
        names = fetch(
            "SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid "
            "WHERE inhparent = 'usage_event'::regclass"
        )
        numbers = sorted(int(name.removeprefix("usage_event_")) for (name,) in names)
    else:
        numbers = [number for (number,) in fetch("SELECT DISTINCT generation FROM usage_event ORDER BY generation")]
    found = []
    for number in numbers:
        if number < gate.generation - 1:
            [(last, last_recorded)] = fetch(
                f"SELECT max({day_column()}), max({day_column()}) FILTER (WHERE e.project_id IS NOT NULL) "
                "FROM usage_event e WHERE e.generation = %s",
                [number],
            )
            if last:
                found.append((number, as_day(last), last_recorded and as_day(last_recorded)))
    return found
