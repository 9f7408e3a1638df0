"""Alerts are made, changed and deleted here, by partners and staff.

Each change is made while nothing is recorded: an ingest that began without an alert could take
its amount over the threshold unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accounts.models import User
from partnership import events
from partnership.errors import Fault, Invalid
from partnership.events import Actor
from partnership.models import Partner, Project
from usage.chosen_store import store
from usage.errors import AlertNotFound, AlertOfStaff
from usage.firings import written
from usage.models import Alert

MAX_ALERTS = 100  # of a partner in one environment
CHANGEABLE = ("threshold", "is_enabled")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`threshold`: in the metric's smallest unit. `project`: None is the partnership's total."""

    metric: str
    threshold: int
    period: str = Alert.Period.MONTH
    project: UUID | None = None
    is_enabled: bool = True
    staff: User | None = field(default=None)  # None: the partner makes it


def make(partner: Partner, environment: str, wanted: Wanted, *, actor: Actor, now: datetime) -> Alert:
    """It watches from now on: what was reached before is not told.

    Raises Invalid (422): a project that is not the partner's in that environment, one alert too many.
    """
    project = find_project(partner, environment, wanted.project)
    alert = Alert(
        partner=partner,
        environment=environment,
        project=project,
        metric=wanted.metric,
        threshold=wanted.threshold,
        period=wanted.period,
        is_enabled=wanted.is_enabled,
        made_by=Alert.MadeBy.STAFF if wanted.staff else Alert.MadeBy.PARTNER,
        staff=wanted.staff,
        created_at=now,
    )

    def save() -> None:
        if Alert.objects.filter(partner=partner, environment=environment).count() >= MAX_ALERTS:
            raise Invalid(Fault("metric", "too_many", f"At most {MAX_ALERTS} alerts are kept. Delete one first."))
        alert.save(force_insert=True)
        record("alert.created", alert, actor, now)

    store.alone(save)
    return alert


def find_project(partner: Partner, environment: str, project_id: UUID | None) -> Project | None:
    """Raises Invalid (422)."""
    if project_id is None:
        return None
    project = Project.objects.filter(pk=project_id, partner=partner, environment=environment).first()
    if project is None:
        raise Invalid(Fault("project_id", "not_found", "project_id must be a project of yours."))
    return project


def change(alert: Alert, wanted: Mapping[str, object], *, actor: Actor, now: datetime) -> Alert:
    """`alert` with those columns changed. A period in which it was reached stays reached.

    Raises AlertOfStaff (403), AlertNotFound (404).
    """

    def save() -> Alert:
        locked = lock(alert, actor)
        for name in CHANGEABLE:
            if name in wanted:
                setattr(locked, name, wanted[name])
        locked.save(update_fields=CHANGEABLE)
        record("alert.changed", locked, actor, now)
        return locked

    return store.alone(save)


def remove(alert: Alert, *, actor: Actor, now: datetime) -> None:
    """Raises AlertOfStaff (403), AlertNotFound (404)."""

    def delete() -> None:
        locked = lock(alert, actor)
        record("alert.deleted", locked, actor, now)
        locked.delete()

    store.alone(delete)


def lock(alert: Alert, actor: Actor) -> Alert:
    locked = Alert.objects.select_for_update(of=("self",)).select_related("partner").filter(pk=alert.pk).first()
    if locked is None:
        raise AlertNotFound
    if locked.made_by == Alert.MadeBy.STAFF and actor.kind == "partner":
        raise AlertOfStaff
    return locked


def record(type_: str, alert: Alert, actor: Actor, now: datetime) -> None:
    data: dict[str, object] = {
        "alert_id": str(alert.pk),
        "project_id": str(alert.project_id) if alert.project_id else None,
        "metric": alert.metric,
        "threshold": written(alert.metric, alert.threshold),
        "period": alert.period,
        "is_enabled": alert.is_enabled,
    }
    events.record(type_, alert.partner, alert.environment, actor=actor, now=now, data=data)
