"""What Prometheus reads of metering, from rows: the same from every process and host.

Counters of what was collected are in `usage/collectors.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError
from django.db.models import Count, Max
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from usage import self_check, waiting
from usage.models import Collection


class UsageCollector(Collector):
    def describe(self) -> list[Metric]:
        """Nothing: else it would be asked for its rows when it is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            yield from [*collections(), *checks(), *copies()]
        except DatabaseError:  # /readyz says so
            return


def collections() -> Iterator[Metric]:
    last = GaugeMetricFamily(
        "gatehouse_usage_collected_timestamp_seconds", "When the collectors last succeeded", labels=["kind"]
    )
    failing = GaugeMetricFamily(
        "gatehouse_usage_collect_failing", "Projects whose last try failed", labels=["kind", "reason"]
    )
    for kind, at in Collection.objects.values_list("kind").annotate(Max("collected_at")).order_by("kind"):
        if at:
            last.add_metric([kind], at.timestamp())
    rows = Collection.objects.filter(failures__gt=0).values_list("kind", "failure").annotate(Count("pk"))
    for kind, reason, count in rows.order_by("kind", "failure"):
        failing.add_metric([kind, reason], count)
    yield last
    yield failing


def checks() -> Iterator[Metric]:
    last = self_check.latest()
    if last is None or last.finished_at is None:
        return
    name, said = "gatehouse_usage_check_differences", "Usage figures that are not what their events add up to"
    yield GaugeMetricFamily(name, said, last.differences)
    name, said = "gatehouse_usage_check_broken_statements", "Statements that are not as they were closed"
    yield GaugeMetricFamily(name, said, last.broken_statements)
    name, said = "gatehouse_usage_check_timestamp_seconds", "When usage was last checked"
    yield GaugeMetricFamily(name, said, last.finished_at.timestamp())


def copies() -> Iterator[Metric]:
    name, said = "gatehouse_usage_copy_oldest_seconds", "Age of the oldest events that ClickHouse has not got yet"
    yield GaugeMetricFamily(name, said, waiting.longest_seconds(timezone.now()))
