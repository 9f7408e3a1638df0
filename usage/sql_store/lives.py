"""On which UTC days projects were there: from their making to their deletion, and again from their recovery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from usage.sql_store.sql import among, as_time, as_uuid, day_of, fetch

Absence = tuple[datetime, datetime]  # from, until


@dataclass(frozen=True, slots=True)
class Life:
    """`last` is today for what is not deleted. `gaps`: days between which the project was gone, themselves not."""

    first: date
    last: date
    gaps: Sequence[tuple[date, date]] = ()

    def has(self, day: date) -> bool:
        return self.first <= day <= self.last and not any(gone < day < back for gone, back in self.gaps)


def life(first: date, last: date, absences: Sequence[Absence]) -> Life:
    return Life(first, last, [(day_of(from_at), day_of(until_at)) for from_at, until_at in absences])


def find_absences(projects: Sequence[UUID]) -> Mapping[UUID, Sequence[Absence]]:
    """Those of `projects`, which are the ones that were ever recovered: without any, nothing is asked."""
    found: dict[UUID, list[Absence]] = defaultdict(list)
    if projects:
        condition, parameters = among("project_id", projects)
        sql = f"SELECT project_id, from_at, until_at FROM partnership_absence WHERE {condition}"
        for project, from_at, until_at in fetch(sql, parameters):
            found[as_uuid(project)].append((as_time(from_at), as_time(until_at)))
    return found
