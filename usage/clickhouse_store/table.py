"""The one table in ClickHouse: everything that came, a row for each event and each void.

A row that comes again replaces itself: the key is that of the event and its generation, and of two rows with one
key the one that says `is_taken_back` stays, whichever came last. Whoever reads says FINAL, so that it holds
before ClickHouse has merged them. A partition is a generation: both are dropped as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from usage import event_ids
from usage.clickhouse_store.server import ClickHouse, moment
from usage.metrics import NAMES
from usage.sql_store.sql import Row

NOBODY = UUID(int=0)  # the project of a void

TABLE = f"""
CREATE TABLE IF NOT EXISTS usage_event (
    generation UInt16,
    project_id UUID,
    at DateTime64(6, 'UTC'),
    source String,
    id_kind UInt8,
    id String,
    client Int32,
    delay_seconds Int32,
    is_adjustment Bool,
    is_taken_back UInt8,
    voids_source String,
    voids_id String,
    {", ".join(f"{name} Nullable(Int64)" for name in NAMES)},
    INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 4
) ENGINE = ReplacingMergeTree(is_taken_back)
PARTITION BY generation
ORDER BY (toDate(at), project_id, source, id, generation)
"""
COLUMNS = (
    "generation, project_id, at, source, id_kind, id, client, delay_seconds, is_adjustment, is_taken_back, "
    f"voids_source, voids_id, {', '.join(NAMES)}"
)
INSERT = f"INSERT INTO usage_event ({COLUMNS}) FORMAT JSONCompactEachRow"
# What a day's number is made of, as `sql_store/rebuilding.py` says it.
COUNTED = "(NOT is_adjustment AND NOT is_taken_back)"


def make(clickhouse: ClickHouse) -> None:
    """The table, unless it is there. An operator with replicas has made it before, on their engine."""
    clickhouse.rows(TABLE)


def put(clickhouse: ClickHouse, events: Iterable[Row]) -> None:
    """`events`: rows of `sql_store/outbox.py`. Repeatable."""
    clickhouse.insert(INSERT, (row(*event) for event in events))


def row(
    _source_id: int,
    packed: bytes,
    source: str,
    generation: int,
    project: UUID | None,
    at: datetime,
    client: int,
    delay_seconds: int,
    is_adjustment: bool,
    is_taken_back: bool,
    voids_source: str | None,
    voided: bytes | None,
    *amounts: int | None,
) -> list[object]:
    return [
        generation,
        str(project or NOBODY),
        moment(at),
        source,
        kind(packed),
        event_ids.unpack(packed),
        client,
        delay_seconds,
        is_adjustment,
        int(is_taken_back),
        voids_source or "",
        event_ids.unpack(voided) if voided else "",
        *amounts,
    ]


def kind(packed: bytes) -> int:
    """Ids of one kind are in the order of their text as they are in that of their bytes."""
    return packed[0]


def drop(clickhouse: ClickHouse, generation: int) -> None:
    clickhouse.rows("ALTER TABLE usage_event DROP PARTITION {generation:UInt16}", {"generation": generation})


def generations(clickhouse: ClickHouse) -> list[int]:
    return [each["generation"] for each in clickhouse.rows("SELECT DISTINCT generation FROM usage_event")]
