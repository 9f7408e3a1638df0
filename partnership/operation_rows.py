"""The life of an operation's row: begun, claimed, renewed, put off, settled.

Locks are taken in one order, project before operation, so that two of these never wait for
each other. What a worker reports is bound to the fence that it claimed with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet

from accounts.encryption import encrypt
from accounts.models import Organization
from accounts.wake import wake
from partnership import events
from partnership.constraints import is_broken, is_name_taken
from partnership.errors import OperationInProgress
from partnership.events import Actor
from partnership.models import Absence, Operation, Project
from partnership.transitions import TRANSITIONS

Type = Operation.Type
Status = Operation.Status
OPEN = (Status.PENDING, Status.RUNNING)


@dataclass(frozen=True, slots=True)
class Result:
    """How an operation ended. `code` empty: it succeeded."""

    code: str = ""
    message: str = ""
    is_retryable: bool = False
    is_canceled: bool = False
    host: str = ""
    credentials: str = field(default="", repr=False)  # JSON


class NameTaken(Exception):
    """While the project was on its way back, another one got its name or external id."""


def begin(
    project: Project, type_: Operation.Type, parameters: dict[str, object], *, actor: Actor, now: datetime
) -> Operation:
    """The operation that will do `type_`. The caller holds the project's lock and has checked its status.

    Raises OperationInProgress (409) if one is open all the same: the database says so.
    """
    rule = TRANSITIONS[type_]
    try:
        with transaction.atomic():
            operation = Operation.objects.create(
                project=project,
                type=type_,
                parameters=parameters,
                actor=actor.as_json(),
                created_at=now,
                due_at=now,
                deadline_at=now + rule.deadline,
            )
    except IntegrityError as clash:
        if not is_broken(clash, Operation, "operation_one_open"):
            raise
        raise OperationInProgress(str(project.operations.get(status__in=OPEN).id)) from clash
    project.operation_status = rule.runs_as
    project.updated_at = now
    project.save(update_fields=["operation_status", "updated_at"])
    data: dict[str, object] = {"operation": shape(operation)}
    events.of_project(f"project.{type_}_requested", project, actor=actor, now=now, data=data)
    wake("operations")
    return operation


def lock(project: Project) -> Project:
    """The row as it is now, kept so until the transaction ends; its organization first."""
    if project.organization_id is not None:
        Organization.objects.select_for_update().get(pk=project.organization_id)
    return Project.objects.select_for_update().get(pk=project.pk)


def find_open(project: Project) -> Operation | None:
    return project.operations.filter(status__in=OPEN).first()


def claim_due(now: datetime) -> Operation | None:
    """The next due operation, leased to the caller; None when nothing is due.

    One conditional UPDATE decides who gets it, on every database. On PostgreSQL the look
    before it skips what others are about to take.
    """
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = Operation.objects.filter(Q(due_at__lte=now) & free | Q(deadline_at__lte=now), status__in=OPEN)
    # The first look takes no lock: on SQLite a transaction is the one writer's.
    while due.exists():
        with transaction.atomic():
            looked_at = due.order_by("due_at")
            if connection.features.has_select_for_update_skip_locked:
                looked_at = looked_at.select_for_update(skip_locked=True)
            found = looked_at.first()
            if found is None:
                return None
            if lease(found, now):
                return Operation.objects.select_related("project__provisioner").get(pk=found.pk)
    return None


def lease(operation: Operation, now: datetime) -> bool:
    """Whether `operation` is now the caller's: nobody else claimed it since it was read."""
    is_poll = bool(operation.driver_state)
    mine = Operation.objects.filter(pk=operation.pk, fence=operation.fence, status__in=OPEN)
    return bool(
        mine.update(
            status=Status.RUNNING,
            fence=F("fence") + 1,
            attempts=F("attempts") + (0 if is_poll else 1),
            started_at=operation.started_at or now,
            lease_until=now + timedelta(seconds=settings.OPERATION_LEASE_SECONDS),
        )
    )


def renew(operation: Operation, now: datetime) -> bool:
    """Whether the lease, held with this fence, still runs and now runs on."""
    lease_until = now + timedelta(seconds=settings.OPERATION_LEASE_SECONDS)
    return bool(held(operation).filter(deadline_at__gt=now).update(lease_until=lease_until))


def put_off(operation: Operation, *, until: datetime, state: dict[str, object]) -> bool:
    """Lets go of `operation` until then, for a later attempt (`state` empty) or the next poll."""
    status = Status.RUNNING if state else Status.PENDING
    return bool(held(operation).update(status=status, due_at=until, driver_state=state, lease_until=None))


def forgo_recovery(operation: Operation, now: datetime) -> bool:
    """Lets go of `operation`, a deletion, whose next attempt deletes for good and at once."""
    return bool(held(operation).update(status=Status.PENDING, due_at=now, parameters={}, lease_until=None))


def held(operation: Operation) -> QuerySet[Operation]:
    return Operation.objects.filter(pk=operation.pk, fence=operation.fence, status=Status.RUNNING)


def settle(operation: Operation, result: Result, now: datetime) -> bool:
    """Ends `operation` and settles its project, with the event of it, in one transaction.

    False, and nothing is changed, if the caller's fence is not the row's any more. Raises NameTaken, of a
    recovery alone.
    """
    try:
        return end(operation, result, now)
    except IntegrityError as clash:
        if not is_name_taken(clash):
            raise
        raise NameTaken from clash


def end(operation: Operation, result: Result, now: datetime) -> bool:
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=operation.project_id)
        ended = Operation.objects.filter(pk=operation.pk, fence=operation.fence, status__in=OPEN).update(
            status=ended_status(result),
            error_code=result.code,
            error_message=result.message[:500],
            is_retryable=result.is_retryable,
            finished_at=now,
            lease_until=None,
            driver_state={},
        )
        if not ended:
            return False
        operation.refresh_from_db()
        settle_project(project, operation, result, now)
        tell(project, operation, result, now)
    return True


def ended_status(result: Result) -> Status:
    if result.is_canceled:
        return Status.CANCELED
    return Status.FAILED if result.code else Status.SUCCEEDED


def settle_project(project: Project, operation: Operation, result: Result, now: datetime) -> None:
    rule = TRANSITIONS[Operation.Type(operation.type)]
    settled = rule.failed if result.code else rule.settled
    project.status = settled or project.status
    project.operation_status = ""
    project.updated_at = now
    if not result.code:
        for name, column in rule.applies:
            setattr(project, column, operation.parameters[name])
        project.provisioned_host = result.host or project.provisioned_host
        if result.credentials:
            project.encrypted_credentials = encrypt(result.credentials)
        match operation.type:
            case Type.DELETE:
                delete(project, int(operation.parameters.get("recovery_days", 0)), now)
            case Type.PURGE:
                purge(project)
            case Type.RECOVER:
                come_back(project, now)
    project.save()


def delete(project: Project, recovery_days: int, now: datetime) -> None:
    project.deleted_at = now
    project.customized_domain = None
    if recovery_days:
        project.purge_at = now + timedelta(days=recovery_days)
    else:
        purge(project)


def purge(project: Project) -> None:
    project.purge_at = None
    project.encrypted_credentials = ""


def come_back(project: Project, now: datetime) -> None:
    """It is there again; that it was not stays on record, as usage has a gap there."""
    assert project.deleted_at is not None
    back_at = max(now, project.deleted_at)  # the deletion was written by another worker's clock
    Absence.objects.create(project=project, from_at=project.deleted_at, until_at=back_at)
    project.deleted_at = project.purge_at = None
    project.recovered_at = back_at


def tell(project: Project, operation: Operation, result: Result, now: datetime) -> None:
    data: dict[str, object] = {"operation": shape(operation)}
    rule = TRANSITIONS[Operation.Type(operation.type)]
    type_ = rule.failure_event if result.code else rule.event
    if result.is_canceled:
        type_ = "operation.canceled"
    events.of_project(type_, project, actor=Actor(**operation.actor), now=now, data=data)


def shape(operation: Operation) -> dict[str, object]:
    """What an event tells of an operation."""
    error = {"code": operation.error_code, "message": operation.error_message} if operation.error_code else None
    return {"id": str(operation.id), "type": operation.type, "status": operation.status, "error": error}


def by_person(person_id: UUID) -> QuerySet[Operation]:
    return Operation.objects.filter(actor__kind__in=("user", "staff"), actor__id=str(person_id))


def forget_name(person_id: UUID) -> None:
    """Who asked for it is the id alone from now on."""
    for operation in by_person(person_id).select_for_update().order_by("pk"):
        operation.actor["name"] = ""
        operation.save(update_fields=["actor"])
