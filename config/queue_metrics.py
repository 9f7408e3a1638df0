"""What Prometheus reads of work that waits, of the worker and of keys: the same from every process and host."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import redis
from django.db import DatabaseError
from django.db.models import Max, Min, Q
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts.models import OutgoingMail
from config import heartbeat
from oauth_provider.models import ClientSession, SigningKey
from partnership.due_deliveries import find_due
from partnership.models import Delivery, Operation
from partnership.models.operation import OPEN
from usage.models import OutgoingBatch


class QueueCollector(Collector):
    def describe(self) -> list[Metric]:
        """Nothing: else it would be asked for its rows when it is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        try:
            yield from [*queues(now), *oldest_mail(now), *keys(now), *worker()]
        except (DatabaseError, redis.RedisError):  # /readyz says so
            return


def queues(now: datetime) -> Iterator[Metric]:
    depth = GaugeMetricFamily("gatehouse_queue_depth", "What waits or is under way", labels=["queue"])
    for name, count in depths().items():
        depth.add_metric([name], count)
    overdue = GaugeMetricFamily(
        "gatehouse_queue_overdue_seconds", "How long the one due longest has waited for a worker", labels=["queue"]
    )
    for name, due_at in longest_due(now).items():
        overdue.add_metric([name], (now - due_at).total_seconds() if due_at else 0)
    yield depth
    yield overdue


def depths() -> dict[str, int]:
    return {
        "operations": Operation.objects.filter(OPEN).count(),
        "deliveries": Delivery.objects.filter(status=Delivery.Status.PENDING).count(),
        "mails": OutgoingMail.objects.count(),
        "logout_tokens": ClientSession.objects.filter(due_at__isnull=False).count(),
        "event_copies": OutgoingBatch.objects.count(),
    }


def longest_due(now: datetime) -> dict[str, datetime | None]:
    """When the one that is due longest, and that no worker has, became due; None where none is."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    # An endpoint gets a project's events in order: one that waits for its forerunner is not due.
    delivery = find_due(now).select_related("webhook").first()
    return {
        "operations": Operation.objects.filter(OPEN, free, due_at__lte=now).aggregate(at=Min("due_at"))["at"],
        "deliveries": delivery.next_attempt_at if delivery else None,
        "mails": OutgoingMail.objects.filter(free, due_at__lte=now).aggregate(at=Min("due_at"))["at"],
        "logout_tokens": ClientSession.objects.filter(due_at__lte=now).aggregate(at=Min("due_at"))["at"],
    }


def oldest_mail(now: datetime) -> Iterator[Metric]:
    """By when it was posted: each try that fails makes it due later, and the person waits all the same."""
    posted_at = OutgoingMail.objects.aggregate(at=Min("created_at"))["at"]
    age = (now - posted_at).total_seconds() if posted_at else 0
    yield GaugeMetricFamily("gatehouse_mail_oldest_seconds", "Age of the oldest mail that was not sent yet", age)


def keys(now: datetime) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "gatehouse_signing_key_age_seconds", "Since when the key that signs has signed", labels=["key_set"]
    )
    signing = SigningKey.objects.filter(signs_from__lte=now).values_list("key_set")
    for key_set, since in signing.annotate(Max("signs_from")).order_by("key_set"):
        age.add_metric([key_set], (now - since).total_seconds())
    yield age


def worker() -> Iterator[Metric]:
    seen = heartbeat.last_beat()
    yield GaugeMetricFamily(
        "gatehouse_worker_heartbeat_timestamp_seconds",
        "When any worker last went round; 0: never",
        seen.timestamp() if seen else 0,
    )
