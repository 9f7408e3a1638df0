"""Closing months, turning generations, dropping old ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from usage.sql_store import outbox
from usage.sql_store.gate import NOTHING_CLOSED, Gate, guard, peek, through
from usage.sql_store.rebuilding import day_column
from usage.sql_store.sql import as_day, day_of, execute, fetch, is_postgresql

ONE_DAY = timedelta(days=1)
# Two of them reach further back than an event may be late (MAX_LATE): what comes twice is found.
GENERATION = timedelta(days=40)


@dataclass(frozen=True, slots=True)
class Generation:
    """One that is done with and not empty."""

    number: int
    last: date
    last_recorded: date | None  # of what is no void
    is_moved: bool = False  # ClickHouse alone has it


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


def moved_before() -> date:
    """Days from here on have all their events here; some of those before may be in ClickHouse alone."""
    [(last,)] = fetch("SELECT max(last_recorded_day) FROM usage_movedgeneration")
    return as_day(last) + ONE_DAY if last else NOTHING_CLOSED


def oldest_day_here() -> date:
    return max(oldest_event_day(), moved_before())


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


def forget(before: date) -> int:
    return through(lambda gate: drop(gate, min(before, gate.first_open_day)), shutting=True)


def drop(gate: Gate, before: date) -> int:
    """Drops the oldest generations while all of their events lie before `before`.

    Never the two in which ids are looked for, and never events of an open month: they are
    needed to void and to rebuild.
    """
    dropped = 0
    for each in [*moved(), *generations(gate)]:
        if each.last >= before:
            break
        remove(each)
        execute("DELETE FROM usage_void WHERE by_generation = %s", [each.number])
        if each.last_recorded:
            execute(
                "UPDATE usage_ingestgate SET oldest_event_day = %s WHERE oldest_event_day < %s",
                [each.last_recorded + ONE_DAY] * 2,
            )
        dropped += 1
    return dropped


def remove(generation: Generation) -> None:
    if generation.is_moved:
        execute("DELETE FROM usage_movedgeneration WHERE generation = %s", [generation.number])
    elif is_postgresql():
        execute(f"DROP TABLE usage_event_{generation.number}")
    else:
        execute("DELETE FROM usage_event WHERE generation = %s", [generation.number])


def moved() -> list[Generation]:
    rows = fetch("SELECT generation, last_day, last_recorded_day FROM usage_movedgeneration ORDER BY generation")
    return [Generation(number, as_day(last), day and as_day(day), is_moved=True) for number, last, day in rows]


def generations(gate: Gate) -> list[Generation]:
    """Those that are here, oldest first."""
    found = []
    for number in numbers():
        if number < gate.generation - 1:
            [(last, last_recorded)] = fetch(
                f"SELECT max({day_column()}), max({day_column()}) FILTER (WHERE e.project_id IS NOT NULL) "
                "FROM usage_event e WHERE e.generation = %s",
                [number],
            )
            if last:
                found.append(Generation(number, as_day(last), last_recorded and as_day(last_recorded)))
    return found


def numbers() -> list[int]:
    """Of all generations that are here, the empty ones too on PostgreSQL."""
    if not is_postgresql():
        return [number for (number,) in fetch("SELECT DISTINCT generation FROM usage_event ORDER BY generation")]
    names = fetch(
        "SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'usage_event'::regclass"
    )
    return sorted(int(name.removeprefix("usage_event_")) for (name,) in names)


def kept_numbers() -> list[int]:
    """Of all generations that were not forgotten, wherever they are."""
    return [*(generation.number for generation in moved()), *numbers()]


def movable() -> Generation | None:
    """The oldest generation here, if nothing in it will change and ClickHouse lacks none of its days."""
    gate = peek()
    oldest = next(iter(generations(gate)), None)
    return oldest if oldest and may_move(gate, oldest) else None


def may_move(gate: Gate, generation: Generation) -> bool:
    return generation.last < gate.first_open_day and not outbox.is_waiting(outbox.EVER[0], generation.last)


def move(generation: Generation) -> bool:
    """Removes what ClickHouse has, unless something of its days came up meanwhile."""

    def hand_over(gate: Gate) -> bool:
        if not may_move(gate, generation) or generation.number not in numbers():
            return False
        remove(generation)
        execute(
            "INSERT INTO usage_movedgeneration (generation, last_day, last_recorded_day) VALUES (%s, %s, %s)",
            [generation.number, generation.last, generation.last_recorded],
        )
        return True

    return through(hand_over, shutting=True)
