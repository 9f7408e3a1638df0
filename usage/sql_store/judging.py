"""What can be said of an event before it is written: the same rules for both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from usage import event_ids
from usage.metrics import NAMES, PEAKS
from usage.sql_store.lives import Absence, find_absences
from usage.sql_store.sql import among, as_time, as_uuid, day_of, fetch
from usage.store import MAX_EARLY, MAX_LATE, Recorded, Sender, UsageEvent, Verdict

Key = tuple[str, bytes]  # source, packed id
Content = tuple[object, ...]  # what must be equal for a repeat to be one


@dataclass(frozen=True, slots=True)
class Meterable:
    """A project as ingest sees it."""

    partner: str | None
    environment: str
    deleted_at: datetime | None
    last_activity_at: datetime | None
    absences: Sequence[Absence] = ()

    def is_gone(self, at: datetime) -> bool:
        """Deleted then, and be it that it came back later: what was refused stays refused."""
        if self.deleted_at is not None and at > self.deleted_at:
            return True
        return any(from_at < at < until_at for from_at, until_at in self.absences)


@dataclass(frozen=True, slots=True)
class Sent:
    """An event of a batch, its place in it, its key and its content."""

    index: int
    event: UsageEvent
    key: Key
    content: Content


def sent(index: int, event: UsageEvent) -> Sent:
    key = (event.source, event_ids.pack(event.id))
    if isinstance(event, Recorded):
        return Sent(index, event, key, (event.project, event.at, *map(event.amounts.get, NAMES)))
    return Sent(index, event, key, (event.at, event.voids_source, event_ids.pack(event.voids_id)))


def by_time(event: UsageEvent, now: datetime) -> Verdict | None:
    if event.at > now + MAX_EARLY:
        return Verdict.TOO_EARLY
    return Verdict.TOO_LATE if event.at < now - MAX_LATE else None


def meterable(projects: Iterable[UUID], sender: Sender) -> dict[UUID, Meterable]:
    """Those of `projects` that exist for `sender`."""
    condition, parameters = among("id", list(projects))
    rows = fetch(
        "SELECT id, partner_id, environment, deleted_at, last_activity_at, recovered_at FROM partnership_project "
        f"WHERE {condition}",
        parameters,
    )
    absences = find_absences([as_uuid(row[0]) for row in rows if row[5]])
    found = {
        as_uuid(id_): Meterable(
            partner, environment, at and as_time(at), active and as_time(active), absences.get(as_uuid(id_), ())
        )
        for id_, partner, environment, at, active, _recovered_at in rows
    }
    return {id_: project for id_, project in found.items() if may_meter(sender, project)}


def may_meter(sender: Sender, project: Meterable) -> bool:
    if project.environment != sender.environment:
        return False
    return sender.partners is None or project.partner in sender.partners


def doubt(event: Recorded, project: Meterable, first_open_day: date) -> Verdict | None:
    """Why the event is refused unless it is a repeat."""
    if project.is_gone(event.at):
        return Verdict.PROJECT_DELETED
    if has_peak(event) and day_of(event.at) < first_open_day:
        return Verdict.CLOSED_PERIOD
    return None


def has_peak(event: Recorded) -> bool:
    return any(name in event.amounts for name in PEAKS)


def settle(
    events: Sequence[Sent],
    known: dict[Key, Content],
    judge: Callable[[Sent], Verdict],
    verdicts: list[Verdict | None] | dict[int, Verdict],
) -> None:
    """One after the other: a repeat by its content, the others by `judge`; `known` grows by what it accepts."""
    for each in events:
        content = known.get(each.key)
        if content is None:
            verdict = judge(each)
            if verdict is Verdict.ACCEPTED:
                known[each.key] = each.content
        else:
            verdict = Verdict.DUPLICATE if content == each.content else Verdict.CONFLICTING_DUPLICATE
        verdicts[each.index] = verdict
