"""Start-up checks of what a deployment may leave out: metering's days, ClickHouse, traces.

Listed in `config/checks.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from urllib.parse import urlsplit

from django.conf import settings

from config.faults import Fault
from usage.store import MAX_LATE


def check_usage_days() -> Iterator[Fault]:
    """An event may come 35 days late (usage.md): it must find its id, and its day, still there."""
    retention = timedelta(days=settings.USAGE_RETENTION_DAYS)
    if retention <= MAX_LATE:
        yield Fault(
            "GH016",
            f"GATEHOUSE_USAGE_RETENTION_DAYS is {settings.USAGE_RETENTION_DAYS}",
            f"events may come {MAX_LATE.days} days late: one sent again would be counted twice",
            f"set GATEHOUSE_USAGE_RETENTION_DAYS to {MAX_LATE.days + 1} or more",
        )
    if settings.USAGE_CLOSE_AFTER_DAYS < 1:
        yield Fault(
            "GH016",
            f"GATEHOUSE_USAGE_CLOSE_AFTER_DAYS is {settings.USAGE_CLOSE_AFTER_DAYS}",
            "a month would close while its last events are under way",
            "set GATEHOUSE_USAGE_CLOSE_AFTER_DAYS to 1 or more",
        )
    if not 60 <= settings.USAGE_COLLECT_SECONDS <= 86_400:
        yield Fault(
            "GH016",
            f"GATEHOUSE_USAGE_COLLECT_SECONDS is {settings.USAGE_COLLECT_SECONDS}",
            "sizes are sampled at least once a day, or the day has none, and at most once a minute",
            "set GATEHOUSE_USAGE_COLLECT_SECONDS from 60 to 86400",
        )


def check_clickhouse() -> Iterator[Fault]:
    if not settings.CLICKHOUSE_URL:
        return
    parts = urlsplit(settings.CLICKHOUSE_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield Fault(
            "GH018",
            "GATEHOUSE_CLICKHOUSE_URL is no http address",
            "ClickHouse is spoken to over its HTTP interface",
            "set GATEHOUSE_CLICKHOUSE_URL=https://host:8443/database, user and password before the host",
        )
    if urlsplit(settings.DATABASE_URL).scheme == "sqlite":
        yield Fault(
            "GH018",
            "GATEHOUSE_CLICKHOUSE_URL is set, and the database is SQLite",
            "the outbox is PostgreSQL's",
            "unset GATEHOUSE_CLICKHOUSE_URL, or set GATEHOUSE_DATABASE_URL to PostgreSQL",
        )


def check_traces() -> Iterator[Fault]:
    if not settings.TRACES_URL:
        return
    if urlsplit(settings.TRACES_URL).scheme not in ("http", "https"):
        yield Fault(
            "GH017",
            "GATEHOUSE_TRACES_URL is no http address",
            "spans go by OTLP over HTTP",
            "set GATEHOUSE_TRACES_URL=http://collector:4318/v1/traces",
        )
    if not 0 <= settings.TRACES_SHARE <= 1:
        yield Fault(
            "GH017",
            f"GATEHOUSE_TRACES_SHARE is {settings.TRACES_SHARE}",
            "it is the share of requests that are traced",
            "set GATEHOUSE_TRACES_SHARE from 0 to 1",
        )
    if not (find_spec("opentelemetry") and find_spec("opentelemetry.sdk")):
        yield Fault(
            "GH017",
            "GATEHOUSE_TRACES_URL is set, and OpenTelemetry is not installed",
            "it is an extra, for those who trace",
            "install requirements-tracing.lock, or unset GATEHOUSE_TRACES_URL",
        )
