"""Single events out of ClickHouse: those behind a number, and those that somebody wants back."""

from __future__ import annotations

from collections.abc import Set
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from usage import event_ids
from usage.clickhouse_store.server import ClickHouse, Row, Value
from usage.clickhouse_store.table import COUNTED, NOBODY, kind
from usage.metrics import METRICS, NAMES
from usage.sql_store import closing, ledger
from usage.sql_store.judging import Key
from usage.sql_store.sql import chunks
from usage.sql_store.voiding import Target
from usage.store import CountedEvent, EventPage

# An address holds them, and the server takes 128 KiB a parameter.
KEYS_A_STATEMENT = 100


def events(
    clickhouse: ClickHouse,
    project: UUID,
    on: date,
    metric: str,
    *,
    after: tuple[datetime, str, str] | None,
    limit: int,
) -> EventPage:
    """As `UsageStore.events`, in the same order as `sql_store/trail.py`."""
    # What a worker brings late of a generation that was forgotten is no more there for it.
    oldest = min(closing.kept_numbers())
    parameters: dict[str, Value] = {"project": project, "day": on, "oldest": oldest, "limit": limit + 1}
    before = ""
    if after:
        at, source, event_id = after
        before = (
            "AND (at, source, id_kind, id) < ({at:DateTime64(6, 'UTC')}, {source:String}, {kind:UInt8}, {id:String})"
        )
        parameters |= {"at": at, "source": source, "kind": kind(event_ids.pack(event_id)), "id": event_id}
    rows = clickhouse.rows(
        f"SELECT * FROM usage_event FINAL WHERE toDate(at) = {{day:Date}} AND project_id = {{project:UUID}} "
        "AND generation >= {oldest:UInt16} "
        f"AND {METRICS[metric].name} IS NOT NULL AND {COUNTED} {before} "
        "ORDER BY at DESC, source DESC, id_kind DESC, id DESC LIMIT {limit:UInt32}",
        parameters,
    )
    page = [counted(row) for row in rows[:limit]]
    return EventPage(page, (page[-1].at, page[-1].source, page[-1].id) if len(rows) > limit else None)


def counted(row: Row) -> CountedEvent:
    at = instant(row)
    return CountedEvent(
        row["source"],
        row["id"],
        UUID(row["project_id"]),
        at,
        at + timedelta(seconds=row["delay_seconds"]),
        row["client"],
        {name: row[name] for name in NAMES if row[name] is not None},
    )


def instant(row: Row) -> datetime:
    return datetime.fromisoformat(row["at"]).replace(tzinfo=UTC)


def targets(clickhouse: ClickHouse, keys: Set[Key]) -> dict[Key, Target]:
    """The newest event of each key. Whether it was taken back PostgreSQL knows."""
    found: dict[Key, Target] = {}
    sources = ledger.source_ids({source for source, _ in keys})
    for some in chunks(sorted(keys), KEYS_A_STATEMENT):
        rows = clickhouse.rows(
            "SELECT * FROM usage_event FINAL WHERE id IN {ids:Array(String)} AND project_id != {nobody:UUID} "
            "ORDER BY generation",
            {"ids": [event_ids.unpack(packed) for _, packed in some], "nobody": NOBODY},
        )
        for row in rows:
            key = row["source"], event_ids.pack(row["id"])
            if key in keys:
                found[key] = target(row, sources[row["source"]], key[1])
    return found


def target(row: Row, source_id: int, packed: bytes) -> Target:
    return Target(
        source_id,
        packed,
        row["generation"],
        row["client"],
        UUID(row["project_id"]),
        instant(row).date(),
        {name: row[name] for name in NAMES},
        is_voided=False,
    )
