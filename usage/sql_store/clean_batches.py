"""A batch of which nothing is to be refused, as nearly all are: one statement, that looks the projects
up, inserts, rolls up and counts. If it counts less than was sent, all of it is undone and the batch
goes the long way (`recording.py`), which tells what each event is. PostgreSQL alone.

Arrays go as text that is put together here: the driver's own way takes most of the time of a batch.
Rows are sorted as in `batches.py`, and for the same reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from usage import event_ids
from usage.metrics import NAMES
from usage.sql_store import days, late, ledger, outbox
from usage.sql_store.activity import ACTIVITIES, STEP
from usage.sql_store.batches import rollup
from usage.sql_store.gate import Gate
from usage.sql_store.judging import has_peak
from usage.sql_store.sql import day_of, fetch
from usage.store import MAX_EARLY, MAX_LATE, Counted, Recorded, Sender, UsageEvent, Watch


class NotClean(Exception):
    """Something of the batch is refused or a repeat."""


def find_clean(events: Sequence[UsageEvent], now: datetime) -> list[Recorded] | None:
    """`events`, if nothing speaks against any of them so far: all recorded, in time, each key once."""
    earliest, latest = now - MAX_LATE, now + MAX_EARLY
    recorded = [each for each in events if isinstance(each, Recorded) and earliest <= each.at <= latest]
    if len(recorded) < len(events) or len({(each.source, each.id) for each in recorded}) < len(events):
        return None
    return recorded


def count(sender: Sender, events: Sequence[Recorded], now: datetime, gate: Gate, watch: Watch | None) -> None:
    """Counts all of `events` in the caller's transaction. Raises NotClean, then that must be undone."""
    first = min(each.at for each in events)
    if day_of(first) < gate.first_open_day:
        raise NotClean
    sources = ledger.numbers({each.source for each in events})
    present = tuple(name for name in NAMES if any(name in each.amounts for each in events))
    rows = fetch(
        statement(gate.generation, present, sender.partners is not None, gate.is_copied),
        [
            array(str(sources[each.source]) for each in events),
            array("\\\\x" + event_ids.pack(each.id).hex() for each in events),
            array(each.at.isoformat() for each in events),
            array(each.project.hex for each in events),
            array(str(ledger.delay_seconds(each.at, now)) for each in events),
            *(array(str(each.amounts.get(name, "NULL")) for each in events) for name in present),
            sender.environment,
            *([list(sender.partners)] if sender.partners is not None else []),
            sender.client,
            STEP,
            now,
        ],
    )
    if rows != [(len(events),)]:
        raise NotClean
    if day_of(first) < day_of(now):
        late.note({day_of(each.at) for each in events}, now)
    if day_of(first) < gate.summed_before:
        days.unsum_projects(gate, {(each.project, day_of(each.at), has_peak(each)) for each in events})
    if watch:
        watch(Counted(sender.environment, events))


def array(texts: Iterable[str]) -> str:
    return "{" + ",".join(texts) + "}"


@lru_cache(maxsize=256)
def statement(generation: int, present: tuple[str, ...], is_of_partners: bool, is_copied: bool) -> str:
    """The text for a batch with these metrics; `is_of_partners`: the sender meters some partners alone."""
    amounts = "".join(f", {name}" for name in present)
    types = "".join(", %s::bigint[]" for _ in present)
    of_partners = "AND p.partner_id = ANY(%s)" if is_of_partners else ""
    before = (
        f"WHERE NOT EXISTS (SELECT FROM usage_event_{generation - 1} o "
        "WHERE o.source_id = sent.source_id AND o.event_id = sent.event_id)"
        if generation > 1
        else ""
    )
    return f"""
WITH sent AS (
    SELECT * FROM unnest(%s::int[], %s::bytea[], %s::timestamptz[], %s::uuid[], %s::int[]{types})
        AS sent (source_id, event_id, at, project_id, delay_seconds{amounts})
), known AS (
    SELECT sent.*, p.last_activity_at FROM sent JOIN partnership_project p ON p.id = sent.project_id
        AND p.environment = %s {of_partners} AND (p.deleted_at IS NULL OR sent.at <= p.deleted_at)
        AND (p.recovered_at IS NULL OR NOT EXISTS (SELECT FROM partnership_absence a
            WHERE a.project_id = p.id AND sent.at > a.from_at AND sent.at < a.until_at)) {before}
), inserted AS (
    INSERT INTO usage_event_{generation}
        (source_id, event_id, at, project_id, delay_seconds{amounts}, client, generation)
    SELECT source_id, event_id, at, project_id, delay_seconds{amounts}, %s, {generation} FROM known
    ORDER BY source_id, event_id ON CONFLICT DO NOTHING RETURNING source_id, event_id, project_id, at{amounts}
){rollup(present, is_late=False)}{activity(present)}{outbox.put(generation) if is_copied else ""}
SELECT count(*) FROM inserted
"""


def activity(present: Sequence[str]) -> str:
    """As `activity.note` does: to the minute, and past projects that something else holds."""
    used = " OR ".join(f"{name} > 0" for name in present if name in ACTIVITIES) or "false"
    return f""", active AS (
    SELECT project_id, max(at) AS at FROM known
    WHERE ({used}) AND (last_activity_at IS NULL OR at > last_activity_at + %s) GROUP BY 1
), touched AS (
    UPDATE partnership_project p SET last_activity_at = k.at FROM (
        SELECT p.id, least(active.at, %s) AS at FROM active JOIN partnership_project p ON p.id = active.project_id
        ORDER BY p.id FOR NO KEY UPDATE OF p SKIP LOCKED
    ) k WHERE p.id = k.id
)"""
