"""The rows of a project's days as they are changed one by one, and what changes beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from usage.metrics import NAMES, PEAKS, SUMS
from usage.sql_store.gate import Gate
from usage.sql_store.sql import among, as_day, as_uuid, execute, execute_many, fetch, is_postgresql

ProjectDay = tuple[UUID, date]
Cells = dict[str, int | None]  # all nine; None: no sample

AMOUNTS = ", ".join(NAMES)
WRITE = (
    f"INSERT INTO usage_daily (project_id, day, {AMOUNTS}) VALUES (%s, %s, {', '.join(['%s'] * len(NAMES))}) "
    f"ON CONFLICT (project_id, day) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in NAMES)}"
)
ADJUST = (
    f"INSERT INTO usage_adjustment (project_id, original_day, posted_on, source_id, event_id, generation, is_void, "
    f"{', '.join(SUMS)}) VALUES ({', '.join(['%s'] * (len(SUMS) + 7))})"
)


def untouched() -> Cells:
    return {**dict.fromkeys(PEAKS, None), **dict.fromkeys(SUMS, 0)}


def lock(days: Collection[ProjectDay]) -> dict[ProjectDay, Cells]:
    """Those of `days` that have a row, which nobody else changes until the transaction ends."""
    ordered = sort(days)
    if is_postgresql():
        rows = fetch(
            f"SELECT project_id, day, {AMOUNTS} FROM usage_daily WHERE (project_id, day) IN "
            "(SELECT * FROM unnest(%s::uuid[], %s::date[])) ORDER BY project_id, day FOR UPDATE",
            [[project for project, _ in ordered], [day for _, day in ordered]],
        )
    else:
        one = f"SELECT project_id, day, {AMOUNTS} FROM usage_daily WHERE project_id = %s AND day = %s"
        rows = [row for pair in ordered for row in fetch(one, pair)]
    return {(as_uuid(project), as_day(day)): dict(zip(NAMES, amounts, strict=True)) for project, day, *amounts in rows}


def write(days: Mapping[ProjectDay, Cells]) -> None:
    execute_many(WRITE, [[*pair, *map(days[pair].get, NAMES)] for pair in sort(days)])


def make(pairs: Collection[ProjectDay]) -> None:
    """Sees to it that each has a row."""
    execute_many(
        "INSERT INTO usage_daily (project_id, day) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        sort(pairs),
    )


def remove(pairs: Collection[ProjectDay]) -> None:
    execute_many("DELETE FROM usage_daily WHERE project_id = %s AND day = %s", sort(pairs))


def sort(pairs: Iterable[ProjectDay]) -> list[ProjectDay]:
    return sorted(pairs, key=in_order)


def in_order(pair: ProjectDay) -> tuple[bytes, date]:
    return pair[0].bytes, pair[1]


def adjust(rows: Sequence[Sequence[object]]) -> None:
    execute_many(ADJUST, rows)


def unsum(gate: Gate, touched: Iterable[tuple[str | None, str, date, bool]]) -> None:
    """Forgets what was summed up of partners' days that change: (partner, environment, day, whether a peak did).

    A changed peak is carried on into later days, so those go too. They are summed up again
    by the worker; until then they are read from the projects' days.
    """
    past = {each for each in touched if each[0] is not None and each[2] < gate.summed_before}
    if not past or not is_postgresql():
        return
    days = sorted({each[:3] for each in past if not each[3]})
    since = sorted({each[:3] for each in past if each[3]})
    execute(
        "DELETE FROM usage_partnerday WHERE (partner_id, environment, day) IN ("
        "SELECT p.partner_id, p.environment, p.day FROM usage_partnerday p WHERE "
        "(p.partner_id, p.environment, p.day) IN (SELECT * FROM unnest(%s::text[], %s::text[], %s::date[])) OR EXISTS "
        "(SELECT FROM unnest(%s::text[], %s::text[], %s::date[]) AS k (partner, environment, since) "
        "WHERE p.partner_id = k.partner AND p.environment = k.environment AND p.day >= k.since) "
        "ORDER BY p.partner_id, p.environment, p.day FOR UPDATE)",
        [*columns(days), *columns(since)],
    )


def unsum_pairs(gate: Gate, pairs: Iterable[ProjectDay]) -> None:
    """`unsum` of projects' days of which any cell may have changed."""
    unsum_projects(gate, ((*pair, True) for pair in pairs))


def unsum_projects(gate: Gate, touched: Iterable[tuple[UUID, date, bool]]) -> None:
    """`unsum` of projects' days that change: (project, day, whether a peak did)."""
    past = [each for each in touched if each[1] < gate.summed_before]
    condition, parameters = among("id", list({project for project, _, _ in past}))
    owners = {
        as_uuid(id_): (partner, environment)
        for id_, partner, environment in fetch(
            f"SELECT id, partner_id, environment FROM partnership_project WHERE {condition}", parameters
        )
    }
    unsum(gate, [(*owners[project], day, peak) for project, day, peak in past if project in owners])


def columns(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]
