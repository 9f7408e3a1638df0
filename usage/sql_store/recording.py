"""Counting what was sent: `UsageStore.record` for `usage.recorded`.

On PostgreSQL a batch is one statement (`batches.py`); what that can't do, a day's sum out of
range, and everything on SQLite, is done here one event after the other, alone at the gate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.db import DataError, IntegrityError

from usage.metrics import MAX_DAY_AMOUNT, PEAKS, SUMS
from usage.sql_store import activity, batches, clean_batches, days, late, ledger, outbox
from usage.sql_store.gate import Gate, through
from usage.sql_store.judging import Meterable, Sent, doubt, has_peak, meterable, settle
from usage.sql_store.sql import day_of, is_postgresql
from usage.store import Counted, Recorded, Sender, UsageEvent, Verdict, Watch

Verdicts = dict[int, Verdict]


@dataclass(frozen=True, slots=True)
class Batch:
    """What is being counted, and all that was looked up for it."""

    sender: Sender
    now: datetime
    gate: Gate
    projects: Mapping[UUID, Meterable]
    events: Sequence[Sent]
    doubts: Mapping[int, Verdict]  # refused, unless a repeat
    watch: Watch | None
    verdicts: Verdicts = field(default_factory=dict)

    def in_doubt(self, each: Sent) -> Verdict | None:
        return self.doubts.get(each.index)


def is_clean(sender: Sender, events: Sequence[UsageEvent], now: datetime, watch: Watch | None) -> bool:
    """Whether all of `events` were counted, in one go: nothing of them was to be refused."""
    if not is_postgresql() or not (clean := clean_batches.find_clean(events, now)):
        return False
    try:
        through(lambda gate: clean_batches.count(sender, clean, now, gate, watch))
    except (clean_batches.NotClean, DataError):
        return False
    except IntegrityError as error:
        if not is_out_of_range(error):
            raise
        return False
    return True


def record(sender: Sender, events: Sequence[Sent], now: datetime, watch: Watch | None) -> Verdicts:
    if not events:
        return {}
    if is_postgresql():
        try:
            return through(lambda gate: at_once(batch(sender, events, now, gate, watch)))
        except (IntegrityError, DataError) as error:
            if not is_out_of_range(error):
                raise
    return through(lambda gate: one_by_one(batch(sender, events, now, gate, watch)), shutting=True)


def batch(sender: Sender, events: Sequence[Sent], now: datetime, gate: Gate, watch: Watch | None) -> Batch:
    projects = meterable({recorded(each).project for each in events}, sender)
    verdicts: Verdicts = {}
    doubts: Verdicts = {}
    known = []
    for each in events:
        event = recorded(each)
        project = projects.get(event.project)
        if project is None:
            verdicts[each.index] = Verdict.UNKNOWN_PROJECT
            continue
        known.append(each)
        if verdict := doubt(event, project, gate.first_open_day):
            doubts[each.index] = verdict
    return Batch(sender, now, gate, projects, known, doubts, watch, verdicts)


def at_once(work: Batch) -> Verdicts:
    firsts = {each.key: each for each in reversed(work.events) if each.index not in work.doubts}
    refused = batches.insert(work.gate, work.sender, work.now, list(firsts.values()))
    if not refused and len(firsts) == len(work.events):
        work.verdicts.update(dict.fromkeys((each.index for each in work.events), Verdict.ACCEPTED))
    else:
        doubtful = {each.key for each in work.events if each.index in work.doubts} - firsts.keys()
        known = ledger.contents(refused | doubtful, work.gate)
        settle(work.events, known, lambda each: work.in_doubt(each) or Verdict.ACCEPTED, work.verdicts)
    note(work, [each for key, each in firsts.items() if key not in refused])
    return work.verdicts


def one_by_one(work: Batch) -> Verdicts:
    counter = Counter(work)
    known = ledger.contents({each.key for each in work.events}, work.gate)
    settle(work.events, known, counter.judge, work.verdicts)
    counter.write()
    note(work, counter.accepted)
    return work.verdicts


class Counter:
    """Adds events up in memory, while the database is ours alone."""

    def __init__(self, work: Batch) -> None:
        self.work = work
        self.accepted: list[Sent] = []
        open_days = {project_day(each) for each in work.events if not self.is_late(each)}
        self.days = days.lock(open_days)
        self.changed: dict[days.ProjectDay, days.Cells] = {}

    def is_late(self, each: Sent) -> bool:
        return day_of(each.event.at) < self.work.gate.first_open_day

    def judge(self, each: Sent) -> Verdict:
        if verdict := self.work.in_doubt(each):
            return verdict
        if not self.is_late(each):
            pair = project_day(each)
            cells = added(self.days.get(pair) or days.untouched(), recorded(each))
            if cells is None:
                return Verdict.INVALID_VALUE
            self.days[pair] = self.changed[pair] = cells
        self.accepted.append(each)
        return Verdict.ACCEPTED

    def write(self) -> None:
        work = self.work
        sources = ledger.source_ids({each.key[0] for each in self.accepted}, make=True)
        ledger.insert([ledger.row(each, work.sender, work.gate, sources, work.now) for each in self.accepted])
        outbox.note(
            work.gate,
            [
                outbox.Copied(work.gate.generation, sources[each.key[0]], each.key[1], day_of(each.event.at))
                for each in self.accepted
            ],
        )
        days.write(self.changed)
        posted_on = max(day_of(work.now), work.gate.first_open_day)
        days.adjust(
            [
                [*project_day(each), posted_on, sources[each.key[0]], each.key[1], work.gate.generation, False]
                + [recorded(each).amounts.get(name, 0) for name in SUMS]
                for each in self.accepted
                if self.is_late(each)
            ]
        )


def added(cells: days.Cells, event: Recorded) -> days.Cells | None:
    """`cells` with `event` in them; None if a sum goes out of range."""
    cells = dict(cells)
    for name, amount in event.amounts.items():
        before = cells[name]
        if name in PEAKS:
            cells[name] = amount if before is None else max(before, amount)
        else:
            cells[name] = (before or 0) + amount
    return cells if all((cells[name] or 0) <= MAX_DAY_AMOUNT for name in SUMS) else None


def note(work: Batch, accepted: Collection[Sent]) -> None:
    """What changes beside the days of what was counted."""
    forget_sums(work, accepted)
    activity.note(map(recorded, accepted), work.projects, work.now)
    late.note({day_of(each.event.at) for each in accepted}, work.now)
    if work.watch:
        work.watch(counted(work, accepted))


def counted(work: Batch, accepted: Collection[Sent]) -> Counted:
    """What is posted as an adjustment counts on no open day."""
    in_order = sorted(accepted, key=attrgetter("index"))
    events = [recorded(each) for each in in_order if day_of(each.event.at) >= work.gate.first_open_day]
    return Counted(work.sender.environment, events)


def forget_sums(work: Batch, accepted: Collection[Sent]) -> None:
    touched = set()
    for each in accepted:
        event = recorded(each)
        day = day_of(event.at)
        if work.gate.first_open_day <= day < work.gate.summed_before:
            project = work.projects[event.project]
            touched.add((project.partner, project.environment, day, has_peak(event)))
    days.unsum(work.gate, touched)


def recorded(each: Sent) -> Recorded:
    assert isinstance(each.event, Recorded)
    return each.event


def project_day(each: Sent) -> days.ProjectDay:
    event = recorded(each)
    return (event.project, day_of(event.at))


def is_out_of_range(error: Exception) -> bool:
    """A day's sum over MAX_DAY_AMOUNT, by the check constraint or by the type."""
    text = str(error)
    return isinstance(error, DataError) or ("daily_" in text and "_in_range" in text)
