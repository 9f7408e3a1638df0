"""What copying events to ClickHouse costs the ingest: the same batches with the outbox off and on."""

from __future__ import annotations

from bench import usage
from bench.report import Table

WORDS = (
    "10,000 projects, ids in ULID, one amount an event, one client. Batches with the outbox off and on take turns; the "
    "median of a batch. Read for ClickHouse: claimed, read with all that stands around, written as rows of JSON, "
    "removed, by one worker without a server to send to."
)


def measure(server: str) -> list[Table]:
    return [Table(WORDS, ["what", "off", "on", "on of off"], usage.rows_of("bench.outbox_child", server))]
