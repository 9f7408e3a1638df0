"""`Project.last_activity_at`: when something last happened in a project, to the minute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from usage.metrics import SUMS
from usage.sql_store.judging import Meterable
from usage.sql_store.sql import execute, is_postgresql
from usage.store import Recorded

# Coarse, so that a busy project is written once a minute and not once a batch.
STEP = timedelta(minutes=1)
# Sizes are sampled of projects that sleep, and one that merely runs may be asleep as well.
ACTIVITIES = tuple(name for name in SUMS if name != "ec2_compute")


def note(events: Iterable[Recorded], projects: Mapping[UUID, Meterable], now: datetime) -> None:
    latest: dict[UUID, datetime] = {}
    for event in events:
        before = latest.get(event.project) or projects[event.project].last_activity_at
        at = min(event.at, now)
        if (before is None or at > before + STEP) and any(event.amounts.get(name) for name in ACTIVITIES):
            latest[event.project] = at
    if latest:
        write(latest)


def write(latest: Mapping[UUID, datetime]) -> None:
    """A project that something else holds is left as it is: nobody waits, nothing deadlocks."""
    if not is_postgresql():
        for id_, at in latest.items():
            execute("UPDATE partnership_project SET last_activity_at = %s WHERE id = %s", [at, id_])
        return
    execute(
        "UPDATE partnership_project p SET last_activity_at = k.at FROM ("
        "SELECT p.id, k.at FROM unnest(%s::uuid[], %s::timestamptz[]) AS k (id, at) "
        "JOIN partnership_project p ON p.id = k.id FOR NO KEY UPDATE OF p SKIP LOCKED"
        ") k WHERE p.id = k.id AND (p.last_activity_at IS NULL OR p.last_activity_at < k.at)",
        [list(latest), list(latest.values())],
    )
