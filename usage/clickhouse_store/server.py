"""How statements reach ClickHouse: over HTTP, values bound by the server, rows as JSON.

Source: https://clickhouse.com/docs/interfaces/http. The tests have the same engine in their own process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol
from urllib.parse import unquote, urlencode, urlsplit
from uuid import UUID

from oauth_provider import safe_fetch
from usage.errors import EventsUnavailable

Row = dict[str, Any]
Value = str | int | UUID | date | datetime | Sequence[str]

TIMEOUT_SECONDS = 60
MAX_ANSWER_BYTES = 64 * 1024 * 1024
# An answer is whole or an error, and an insert is answered when it is written, whatever the server's defaults.
SETTINGS = {
    "default_format": "JSONEachRow",
    "output_format_json_quote_64bit_integers": "0",
    "wait_end_of_query": "1",
    "async_insert": "0",
}


class ClickHouse(Protocol):
    def rows(self, statement: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """What `statement` gives; `{name:Type}` in it stands for a parameter. Raises EventsUnavailable."""

    def insert(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """`statement` ends with FORMAT JSONCompactEachRow; `rows` in its order. Raises EventsUnavailable."""


class HttpClickHouse:
    """`url`: http(s)://user:password@host:port/database."""

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.timeout_seconds = timeout_seconds
        parts = urlsplit(url)
        self.address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
        self.headers = {"X-ClickHouse-Database": parts.path.lstrip("/") or "default"}
        if parts.username:
            self.headers["X-ClickHouse-User"] = unquote(parts.username)
            self.headers["X-ClickHouse-Key"] = unquote(parts.password or "")

    def rows(self, statement: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        bound = {f"param_{name}": written(value) for name, value in (parameters or {}).items()}
        return read(self.post(bound, statement.encode()))

    def insert(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self.post({"query": statement}, lines(rows))

    def post(self, query: Mapping[str, str], body: bytes) -> bytes:
        try:
            answer = safe_fetch.fetch(
                "POST",
                f"{self.address}?{urlencode({**SETTINGS, **query})}",
                headers=self.headers,
                body=body,
                timeout_seconds=self.timeout_seconds,
                max_bytes=MAX_ANSWER_BYTES,
                reach=safe_fetch.Reach.ANYWHERE,  # the operator chose its address
            )
        except safe_fetch.Refused as refusal:
            raise EventsUnavailable(detail=f"ClickHouse: {refusal.outcome}") from None
        if answer.status != 200 or "x-clickhouse-exception-code" in answer.headers:
            raise EventsUnavailable(detail=f"ClickHouse: {answer.status} {answer.body[:300].decode(errors='replace')}")
        return answer.body


def written(value: Value) -> str:
    """A parameter as ClickHouse reads it: text and numbers in its escaped form, arrays as literals."""
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, int | UUID | date):
        return str(value)
    quoted = (each.replace("\\", "\\\\").replace("'", "\\'") for each in value)
    return "[" + ",".join(f"'{each}'" for each in quoted) + "]"


def moment(at: datetime) -> str:
    """In UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")


def lines(rows: Iterable[Sequence[object]]) -> bytes:
    return "\n".join(json.dumps(row, separators=(",", ":")) for row in rows).encode()


def read(body: bytes) -> list[Row]:
    return [json.loads(line) for line in body.splitlines() if line]
