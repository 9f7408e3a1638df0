"""What copying events to ClickHouse costs the ingest: the same load with the outbox off and on, in turn."""

from __future__ import annotations

from bench import usage
from bench.report import Table

WORDS = (
    "10,000 projects, ids in ULID, one amount an event, every client a process. Off and on take turns; medians of the "
    "rounds. Nothing empties the outbox meanwhile. Read for ClickHouse: claimed, read with all that stands around, "
    "written as rows of JSON, removed, by one worker without a server to send to."
)


def measure(server: str) -> list[Table]:
    return [Table(WORDS, ["what", "off", "on", "on of off"], usage.rows_of("bench.outbox_child", server))]
