"""Facts: one append-only row each, in the transaction of the fact.

The row is the partner's audit log and the outbox at once: the deliveries to the partner's
webhooks are made with it, so a fact that was rolled back is never told and none is lost.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.wake import wake
from partnership.models import Connection, Delivery, Event, Partner, Project, Webhook

# What webhooks may ask for (partnership.md, "Beyond the published contract"); the rest of the
# events is for the audit log alone.
WEBHOOK_TYPES = (
    "project.created",
    "project.paused",
    "project.restored",
    "project.upgraded",
    "project.restarted",
    "project.deleted",
    "project.failed",
    "statement.closed",
    "usage.threshold_reached",
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, and the request with which it came."""

    kind: str  # partner, user, staff, system
    id: str = ""
    name: str = ""
    request_id: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


SYSTEM = Actor("system", name="Gatehouse")


def of_project(
    type_: str, project: Project, *, actor: Actor, now: datetime, data: dict[str, object] | None = None
) -> Event:
    """`type_` happened to `project`. The caller's transaction also holds the fact itself."""
    told = {"project": shape(project), **(data or {})}
    return record(type_, project.partner, project.environment, actor=actor, now=now, data=told, project=project)


def record(
    type_: str,
    partner: Partner | None,
    environment: str,
    *,
    actor: Actor,
    now: datetime,
    data: dict[str, object] | None = None,
    project: Project | None = None,
) -> Event:
    with transaction.atomic():
        event = Event.objects.create(
            type=type_,
            partner=partner,
            environment=environment,
            project=project,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            request_id=actor.request_id,
            data=data or {},
            occurred_at=now,
        )
        if partner is not None and type_ in WEBHOOK_TYPES:
            queue(event, now)
    return event


def queue(event: Event, now: datetime) -> None:
    """One delivery of `event` for each endpoint that asked for its type.

    The endpoints are locked: none is deleted or switched off while its delivery is written.
    """
    if not visible_to(event.partner, event.environment).filter(pk=event.pk).exists():
        return
    endpoints = Webhook.objects.filter(partner=event.partner_id, environment=event.environment, is_enabled=True)
    queued = Delivery.objects.bulk_create(
        Delivery(webhook=each, event=event, project_id=event.project_id, created_at=now, due_at=now)
        for each in endpoints.order_by("created_at", "pk").select_for_update(no_key=True)
        if not each.event_types or event.type in each.event_types
    )
    if queued:
        wake("deliveries")


def by_person(person_id: UUID) -> QuerySet[Event]:
    return Event.objects.filter(actor_kind__in=("user", "staff"), actor_id=str(person_id))


def forget_name(person_id: UUID) -> None:
    """Who did it is the id alone from now on: the one change that the database lets through."""
    by_person(person_id).exclude(actor_name="").update(actor_name="")


def visible_to(partner: Partner | None, environment: str) -> QuerySet[Event]:
    """What `partner` may know: not what befell a person's project after that person cut the link."""
    cut_before = Connection.objects.filter(
        partner=OuterRef("partner"), user=OuterRef("project__user"), cut_at__lte=OuterRef("occurred_at")
    )
    return Event.objects.filter(~Exists(cut_before), partner=partner, environment=environment)


def shape(project: Project) -> dict[str, object]:
    """What an event tells of a project: never a key."""
    return {
        "id": str(project.id),
        "name": project.name,
        "external_id": project.external_id,
        "status": project.status,
        "region": project.region_id,
        "instance_type": project.instance_type_id,
        "volume_size_gib": project.volume_size_gib,
        "service_version": project.service_version_id,
    }
