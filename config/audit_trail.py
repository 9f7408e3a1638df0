"""The audit trail as one stream of JSON objects in order of time: what happened, who did it, to what."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from auditlog.models import LogEntry as ClientChange
from django.contrib.admin.models import LogEntry as StaffAction
from django.db.models import QuerySet

from accounts.models import SecurityEvent
from partnership.models import Event

READ_AT_ONCE = 2000


def lines(from_: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    """Everything from `from_` on and before `until`; each has `at`, `source` and `actor_id`."""
    sources = (events, security_events, staff_actions, client_changes)
    return heapq.merge(*(source(from_, until) for source in sources), key=lambda line: line["at"])


def of_time(rows: QuerySet[Any], field: str, from_: datetime, until: datetime) -> Iterator[Any]:
    within = rows.filter(**{f"{field}__gte": from_, f"{field}__lt": until}).order_by(field, "pk")
    return within.iterator(chunk_size=READ_AT_ONCE)


def events(from_: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    for row in of_time(Event.objects.all(), "occurred_at", from_, until):
        yield {
            "at": row.occurred_at,
            "source": "event",
            "id": str(row.uuid),
            "type": row.type,
            "actor_kind": row.actor_kind,
            "actor_id": row.actor_id,
            "actor_name": row.actor_name,
            "partner_id": row.partner_id,
            "environment": row.environment,
            "project_id": row.project_id,
            "request_id": row.request_id,
            "data": row.data,
        }


def security_events(from_: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    for row in of_time(SecurityEvent.objects.all(), "created_at", from_, until):
        yield {
            "at": row.created_at,
            "source": "security",
            "id": row.pk,
            "type": row.kind,
            "actor_kind": "user",
            "actor_id": str(row.user_id),
            "address": row.address,
            "browser": row.browser,
        }


def staff_actions(from_: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    words = {1: "added", 2: "changed", 3: "deleted"}
    for row in of_time(StaffAction.objects.select_related("content_type"), "action_time", from_, until):
        kind = row.content_type
        yield {
            "at": row.action_time,
            "source": "admin",
            "id": row.pk,
            "type": words[row.action_flag],
            "actor_kind": "staff",
            "actor_id": str(row.user_id),
            "object": f"{kind.app_label}.{kind.model}" if kind else None,
            "object_id": row.object_id,
            "object_name": row.object_repr,
            "data": row.change_message,
        }


def client_changes(from_: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    words = {0: "added", 1: "changed", 2: "deleted", 3: "accessed"}
    for row in of_time(ClientChange.objects.select_related("content_type"), "timestamp", from_, until):
        yield {
            "at": row.timestamp,
            "source": "client",
            "id": row.pk,
            "type": words[row.action],
            "actor_kind": "staff" if row.actor_id else "system",
            "actor_id": str(row.actor_id or ""),
            "object": f"{row.content_type.app_label}.{row.content_type.model}",
            "object_id": row.object_pk,
            "object_name": row.object_repr,
            "address": row.remote_addr,
            "data": row.changes,
        }
