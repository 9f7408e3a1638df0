"""Taking events back: `usage.voided`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from usage import event_ids
from usage.metrics import NAMES, PEAKS, SUMS
from usage.sql_store import closing, days, late, ledger, outbox, rebuilding
from usage.sql_store.gate import Gate, through
from usage.sql_store.judging import Key, Meterable, Sent, meterable, settle
from usage.sql_store.sql import as_time, as_uuid, day_of, execute_many, fetch, is_postgresql
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


Elsewhere = Callable[[Set[Key]], Mapping[Key, Target]]


class NotHere(Exception):
    """Events of these keys, if there are any, are not in this database."""

    def __init__(self, keys: Set[Key]) -> None:
        super().__init__(len(keys))
        self.keys = keys


def record(sender: Sender, events: Sequence[Sent], now: datetime, elsewhere: Elsewhere) -> dict[int, Verdict]:
    """`elsewhere`: asked for events that were moved away, while no transaction is open."""
    moved: dict[Key, Target | None] = {}

    def take(gate: Gate) -> dict[int, Verdict]:
        return Taking(gate, sender, events, now, moved).run()

    while events:
        try:
            return through(take)
        except NotHere as missing:
            found = elsewhere(missing.keys)
            moved.update((key, found.get(key)) for key in missing.keys)
    return {}


class Taking:
    """One transaction of voids."""

    def __init__(
        self, gate: Gate, sender: Sender, events: Sequence[Sent], now: datetime, moved: Mapping[Key, Target | None]
    ) -> None:
        self.gate, self.sender, self.events, self.now = gate, sender, events, now
        self.targets = find_all_targets({target_key(each) for each in events}, moved)
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
        self.copy(pairs, by)
        changed = {(target.project, target.day) for target, _ in pairs if not self.is_closed(target)}
        rebuilding.rewrite(changed, gate)
        late.note({day for _, day in changed}, self.now)

    def copy(self, pairs: Sequence[tuple[Target, Sent]], by: Mapping[int, tuple[int, bytes, int]]) -> None:
        """The voids go to ClickHouse, and what they took back goes anew. What is moved counts as before."""
        voids = [(by[each.index], day_of(each.event.at)) for _, each in pairs]
        again = [target for target, _ in pairs if not self.is_closed(target)]
        outbox.note(
            self.gate,
            [
                *(outbox.Copied(generation, source, packed, day) for (source, packed, generation), day in voids),
                *(outbox.Copied(each.generation, each.source_id, each.event_id, each.day) for each in again),
            ],
        )


def target_key(each: Sent) -> Key:
    assert isinstance(each.event, Voided)
    return each.event.voids_source, event_ids.pack(each.event.voids_id)


def find_all_targets(keys: Set[Key], moved: Mapping[Key, Target | None]) -> dict[Key, Target]:
    """`moved`: what was found elsewhere. Raises NotHere if that is still to be asked for some of `keys`."""
    targets = find_targets(keys)
    numbers = {generation.number for generation in closing.moved()} if len(targets) < len(keys) else set()
    if not numbers:
        return targets
    if missing := keys - targets.keys() - moved.keys():
        raise NotHere(missing)
    others = {key: moved[key] for key in keys - targets.keys()}
    known = {key: target for key, target in others.items() if target and target.generation in numbers}
    return targets | {key: replace(target, is_voided=is_voided(target)) for key, target in known.items()}


def is_voided(target: Target) -> bool:
    rows = fetch(
        "SELECT FROM usage_void WHERE source_id = %s AND event_id = %s AND generation = %s",
        [target.source_id, target.event_id, target.generation],
    )
    return bool(rows)


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
