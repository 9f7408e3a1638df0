"""Taking events back: `usage.voided`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from usage import event_ids
from usage.metrics import NAMES, PEAKS, SUMS
from usage.sql_store import days, late, ledger, rebuilding
from usage.sql_store.gate import Gate, through
from usage.sql_store.judging import Key, Meterable, Sent, meterable, settle
from usage.sql_store.sql import as_time, as_uuid, day_of, execute_many, is_postgresql
from usage.store import Sender, Verdict, Voided

VOID = (
    "INSERT INTO usage_void "
    "(source_id, event_id, generation, by_source_id, by_event_id, by_generation, is_adjustment) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s)"
)
AMOUNTS = ", ".join(f"e.{name}" for name in NAMES)


@dataclass(frozen=True, slots=True)
class Target:
    """An event that somebody wants back."""

    source_id: int
    event_id: bytes
    generation: int
    client: int
    project: UUID
    day: date
    amounts: Mapping[str, int | None]
    is_voided: bool


def record(sender: Sender, events: Sequence[Sent], now: datetime) -> dict[int, Verdict]:
    return through(lambda gate: Taking(gate, sender, events, now).run()) if events else {}


class Taking:
    """One transaction of voids."""

    def __init__(self, gate: Gate, sender: Sender, events: Sequence[Sent], now: datetime) -> None:
        self.gate, self.sender, self.events, self.now = gate, sender, events, now
        self.targets = find_targets({target_key(each) for each in events})
        self.projects: dict[UUID, Meterable] = meterable({each.project for each in self.targets.values()}, sender)
        self.taken: dict[Key, Sent] = {}

    def run(self) -> dict[int, Verdict]:
        verdicts: dict[int, Verdict] = {}
        known = ledger.contents({each.key for each in self.events}, self.gate)
        settle(self.events, known, self.judge, verdicts)
        if self.taken:
            self.write()
        return verdicts

    def judge(self, each: Sent) -> Verdict:
        key = target_key(each)
        target = self.targets.get(key)
        if target is None or target.client != self.sender.client or target.project not in self.projects:
            return Verdict.UNKNOWN_EVENT
        if target.is_voided or key in self.taken:
            return Verdict.ALREADY_VOIDED
        if self.is_closed(target) and any(target.amounts[name] is not None for name in PEAKS):
            return Verdict.CLOSED_PERIOD
        self.taken[key] = each
        return Verdict.ACCEPTED

    def is_closed(self, target: Target) -> bool:
        return target.day < self.gate.first_open_day

    def write(self) -> None:
        gate = self.gate
        sources = ledger.source_ids({each.key[0] for each in self.taken.values()}, make=True)
        pairs = [(self.targets[key], each) for key, each in self.taken.items()]
        by = {each.index: (sources[each.key[0]], each.key[1], gate.generation) for _, each in pairs}
        ledger.insert([ledger.row(each, self.sender, gate, sources, self.now) for _, each in pairs])
        execute_many(
            VOID,
            [
                [target.source_id, target.event_id, target.generation, *by[each.index], self.is_closed(target)]
                for target, each in pairs
            ],
        )
        posted_on = max(day_of(self.now), gate.first_open_day)
        days.adjust(
            [
                [target.project, target.day, posted_on, *by[each.index], True]
                + [-(target.amounts[name] or 0) for name in SUMS]
                for target, each in pairs
                if self.is_closed(target)
            ]
        )
        changed = {(target.project, target.day) for target, _ in pairs if not self.is_closed(target)}
        rebuilding.rewrite(changed, gate)
        late.note({day for _, day in changed}, self.now)


def target_key(each: Sent) -> Key:
    assert isinstance(each.event, Voided)
    return each.event.voids_source, event_ids.pack(each.event.voids_id)


def find_targets(keys: Collection[Key]) -> dict[Key, Target]:
    """The newest event of each key, whatever its generation, locked: it is taken back once."""
    lock = "FOR UPDATE OF e" if is_postgresql() else ""
    # In two statements: what waited for the lock must see what the other did.
    ledger.find("e.source_id", keys, f"WHERE e.project_id IS NOT NULL ORDER BY e.source_id, e.event_id {lock}", [])
    rows = ledger.find(
        f"s.name, v.source_id, e.source_id, e.event_id, e.generation, e.client, e.project_id, e.at, {AMOUNTS}",
        keys,
        "LEFT JOIN usage_void v ON v.source_id = e.source_id AND v.event_id = e.event_id "
        "AND v.generation = e.generation WHERE e.project_id IS NOT NULL ORDER BY e.generation",
        [],
    )
    targets = {}
    for name, void, source_id, packed, generation, client, project, at, *amounts in rows:
        cells = dict(zip(NAMES, amounts, strict=True))
        targets[name, bytes(packed)] = Target(
            source_id, bytes(packed), generation, client, as_uuid(project), day_of(as_time(at)), cells, void is not None
        )
    return targets
