"""May this be done to a project? If so, it begins. Partners and people come through here alike.

Locks are taken in one order: organization, project, operation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from accounts.models import Organization
from partnership import catalog, events, operation_rows, plan_limit, recovery, tenures
from partnership.creation import adopt
from partnership.errors import (
    Fault,
    Invalid,
    InvalidState,
    OperationInProgress,
    ProjectNotFound,
)
from partnership.events import Actor
from partnership.models import Operation, Project
from partnership.operation_rows import lock
from partnership.transitions import TRANSITIONS

Type = Operation.Type
Status = Project.Status

DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An upgrade as asked for; `operation` None: there is nothing to do."""

    previous_type: str
    new_type: str
    previous_gib: int
    new_gib: int
    operation: Operation | None


def change(project: Project, type_: Operation.Type, *, actor: Actor, now: datetime) -> Operation | None:
    """Pause, restore or delete: the operation that does it, also when it was running already;
    None when there is nothing to do.

    Raises OperationInProgress, InvalidState (409), ProjectLimitReached (restore).
    """
    with transaction.atomic():
        project = lock(project)
        if project.status == TRANSITIONS[type_].already == Status.DELETED:
            return None  # whatever staff do to it behind the scenes
        running = find_running(project, type_)
        if running or project.status == TRANSITIONS[type_].already:
            return running
        check_allowed(project, type_)
        if type_ == Type.RESTORE and project.organization is not None:
            plan_limit.check(project.organization, project.environment)
        parameters = recovery.of_deletion(project) if type_ == Type.DELETE else {}
        return operation_rows.begin(project, type_, parameters, actor=actor, now=now)


def restart(
    project: Project, version: str | None, *, actor: Actor, now: datetime, param: str = "insforge_oss_version"
) -> tuple[str, Operation]:
    """The version that will run, and the operation. Without `version` it stays as it is.

    Raises Invalid (422: of `param`), OperationInProgress, InvalidState (409).
    """
    with transaction.atomic():
        project = lock(project)
        # What it has it may keep, also when it is no longer offered; so may a retry.
        if version not in (None, project.service_version_id):
            version = catalog.get_version(version, param=param).name
        running = find_running(project, Type.RESTART, {"service_version": version})
        if running:
            return str(running.parameters["service_version"]), running
        check_allowed(project, Type.RESTART)
        wanted = version or project.service_version_id
        parameters: dict[str, object] = {"service_version": wanted}
        return wanted, operation_rows.begin(project, Type.RESTART, parameters, actor=actor, now=now)


def upgrade(
    project: Project,
    instance_type: str | None,
    volume_size_gib: int | None,
    *,
    actor: Actor,
    now: datetime,
    param: str = "instance_type",
) -> Upgrade:
    """Another instance type, a larger volume, or both. The same type and no size: nothing to do.

    Raises Invalid, VolumeShrinkRefused (422), OperationInProgress, InvalidState (409).
    """
    with transaction.atomic():
        project = lock(project)
        if instance_type not in (None, project.instance_type_id):
            instance_type = catalog.get_instance_type(instance_type, param=param).name
        asked = {"instance_type": instance_type, "volume_size_gib": volume_size_gib}
        operation = find_running(project, Type.UPGRADE, asked)
        if operation is None:
            check_allowed(project, Type.UPGRADE)
            if volume_size_gib is not None:
                catalog.check_volume(volume_size_gib, current_gib=project.volume_size_gib)
            elif instance_type == project.instance_type_id:
                gib = project.volume_size_gib
                return Upgrade(instance_type, instance_type, gib, gib, operation=None)
            parameters = upgrade_parameters(project, instance_type, volume_size_gib)
            operation = operation_rows.begin(project, Type.UPGRADE, parameters, actor=actor, now=now)
    return upgrade_of(operation)


def upgrade_parameters(project: Project, instance_type: str | None, volume_size_gib: int | None) -> dict[str, object]:
    return {
        "previous_instance_type": project.instance_type_id,
        "instance_type": instance_type or project.instance_type_id,
        "previous_volume_size_gib": project.volume_size_gib,
        "volume_size_gib": volume_size_gib or project.volume_size_gib,
    }


def upgrade_of(operation: Operation) -> Upgrade:
    parameters = operation.parameters
    return Upgrade(
        parameters["previous_instance_type"],
        parameters["instance_type"],
        parameters["previous_volume_size_gib"],
        parameters["volume_size_gib"],
        operation,
    )


def retry(operation: Operation, *, actor: Actor, now: datetime) -> Operation:
    """A new operation that does what `operation` failed to do. Raises InvalidState (409)."""
    project, wanted = operation.project, operation.parameters
    if operation.status not in (Operation.Status.FAILED, Operation.Status.CANCELED):
        raise InvalidState(gettext_noop("Only a failed or canceled operation can be tried again."))
    latest = project.operations.latest("created_at")
    if latest.pk != operation.pk:
        raise InvalidState(gettext_noop("A later operation has replaced this one."))
    again: Operation | None
    match operation.type:
        case Type.CREATE:
            _, again = adopt(project, actor=actor, now=now)
        case Type.UPGRADE:
            volume = wanted["volume_size_gib"] if wanted["volume_size_gib"] > project.volume_size_gib else None
            again = upgrade(project, wanted["instance_type"], volume, actor=actor, now=now).operation
        case Type.RESTART:
            _, again = restart(project, wanted["service_version"], actor=actor, now=now)
        case Type.RECOVER:
            again = recovery.begin(project, reason=str(wanted["reason"]), actor=actor, now=now)
        case Type.PURGE:
            again = recovery.begin_purge(project, actor=actor, now=now)
        case other:
            again = change(project, Type(other), actor=actor, now=now)
    if again is None:
        raise InvalidState(gettext_noop("There is nothing left to do."))
    return again


def change_settings(
    project: Project,
    *,
    name: str | None,
    domain: str | None,
    volume_size_gib: int | None,
    actor: Actor,
    now: datetime,
) -> None:
    """A new name, domain (empty: none) and size, all or nothing; None leaves a thing as it is.

    Raises Invalid (422), VolumeShrinkRefused (422), OperationInProgress, InvalidState (409).
    """
    if domain and not DOMAIN.match(domain):
        message = "customizedDomain must be a host name in lower case."
        raise Invalid(Fault("customizedDomain", "invalid", message))
    try:
        with transaction.atomic():
            if name is not None or domain is not None:
                rename(project, name, domain, actor=actor, now=now)
            if volume_size_gib is not None:
                upgrade(project, None, volume_size_gib, actor=actor, now=now)
    except IntegrityError as clash:
        if "customized_domain" not in str(clash):
            raise
        message = "This domain belongs to another project."
        raise Invalid(Fault("customizedDomain", "taken", message)) from clash


def rename(project: Project, name: str | None, domain: str | None, *, actor: Actor, now: datetime) -> None:
    """Also while an operation runs: it does not touch what the operation writes."""
    project = lock(project)
    project.name = name or project.name
    if domain is not None:
        project.customized_domain = domain or None
    project.updated_at = now
    project.save(update_fields=["name", "customized_domain", "updated_at"])
    events.of_project("project.changed", project, actor=actor, now=now)


def transfer(project: Project, target: Organization, *, actor: Actor, now: datetime) -> Project:
    """`project` in `target`. The caller has checked that the person is a member of both."""
    with transaction.atomic():
        ids = sorted(filter(None, {project.organization_id, target.pk}))
        list(Organization.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        project = lock(project)
        if project.status == Status.DELETED:
            raise ProjectNotFound
        running = operation_rows.find_open(project)
        if running:
            raise OperationInProgress(str(running.id))
        if project.organization_id == target.pk:
            return project
        if project.status == Status.ACTIVE:
            plan_limit.check(target, project.environment)
        project.organization = target
        project.updated_at = now
        project.save(update_fields=["organization", "updated_at"])
        tenures.begin(project, now)
        events.of_project("project.transferred", project, actor=actor, now=now)
    return project


def find_running(
    project: Project, type_: Operation.Type, asked: Mapping[str, object] | None = None
) -> Operation | None:
    """The open operation, if it is what was asked for. Raises OperationInProgress if it is another, and
    ProjectNotFound where the project is deleted: who asks may know of nothing that is done to it then.
    """
    if project.status == Status.DELETED:
        raise ProjectNotFound
    running = operation_rows.find_open(project)
    if running is None:
        return None
    is_same = all(value in (None, running.parameters.get(name)) for name, value in (asked or {}).items())
    if running.type != type_ or not is_same:
        raise OperationInProgress(str(running.id))
    return running


def is_allowed(project: Project, type_: Operation.Type) -> bool:
    """Whether `type_` could begin now, as far as the project's state and its region say."""
    try:
        check_allowed(project, type_)
    except (InvalidState, ProjectNotFound):
        return False
    return not project.operation_status


def check_allowed(project: Project, type_: Operation.Type) -> None:
    rule = TRANSITIONS[type_]
    if project.status not in rule.allowed:
        raise InvalidState(f"A project that is {project.status} can't do this.")
    if rule.verb not in {"create", "delete"} | catalog.get_driver(project.provisioner).can:
        raise InvalidState(gettext_noop("The project's region can't do this."))
