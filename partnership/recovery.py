"""What becomes of a deleted project: its data waits for some days, in which staff can bring it back; then it is purged.

To everybody else it is deleted from the first: nothing here shows on the wire until it is back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.sweeps import BATCH
from partnership import catalog, creation, operation_rows, plan_limit
from partnership.creation import Owner, Wanted
from partnership.errors import InvalidState, OperationInProgress
from partnership.events import SYSTEM, Actor
from partnership.models import Operation, Project
from partnership.models.operation import OPEN
from partnership.operation_rows import lock

Type = Operation.Type
Status = Project.Status

RETRY = timedelta(hours=1)  # between the end of a purge that failed and the next one


def of_deletion(project: Project) -> dict[str, object]:
    """Parameters of the operation that deletes `project`: whether it can be undone, and for how many days.

    What never ran has nothing to bring back, and a driver has to be able to shut it and to open it again.
    """
    can = {"pause", "restore"} <= catalog.get_driver(project.provisioner).can
    if settings.RECOVERY_DAYS < 1 or project.status not in (Status.ACTIVE, Status.PAUSED) or not can:
        return {}
    return {"recovery_days": settings.RECOVERY_DAYS}


def recoverable(now: datetime) -> QuerySet[Project]:
    return Project.objects.filter(purge_at__gt=now)


def overdue(now: datetime) -> QuerySet[Project]:
    """What could not be purged so far: a purge failed, or no worker works."""
    return Project.objects.filter(purge_at__lte=now - RETRY)


def begin(project: Project, *, reason: str, actor: Actor, now: datetime) -> Operation:
    """The operation that brings `project` back; it will be active.

    Raises OperationInProgress, InvalidState (409), ProjectLimitReached (400).
    """
    with transaction.atomic():
        project = lock(project)
        check_nothing_runs(project)
        if not recoverable(now).filter(pk=project.pk).exists() or project.operations.filter(type=Type.PURGE).exists():
            raise InvalidState(_("It can not be brought back: its days are over, or it is not deleted."))
        check_is_free(project)
        if project.organization is not None:
            plan_limit.check(project.organization, project.environment)
        return operation_rows.begin(project, Type.RECOVER, {"reason": reason}, actor=actor, now=now)


def check_nothing_runs(project: Project) -> None:
    if running := operation_rows.find_open(project):
        raise OperationInProgress(str(running.id))


def check_is_free(project: Project) -> None:
    """Raises InvalidState if its partner would find another project by what it found this one."""
    owner = Owner(Project.Mode(project.mode), project.environment, project.partner, project.user)
    wanted = Wanted(project.sync_name, external_id=project.external_id)
    if owner.partner is None or not creation.synced(owner, wanted).exists():
        return
    if project.external_id is None:
        raise InvalidState(_("Its partner has made another project of this name since: delete that one first."))
    raise InvalidState(_("Its partner has made another project of this external id since: delete that one first."))


def purge_due(now: datetime) -> int:
    """Begins the purge of what has waited long enough; of how many. Any number of workers at once."""
    tried = Q(type=Type.PURGE, finished_at__gt=now - RETRY)
    at_work = Operation.objects.filter(OPEN | tried, project=OuterRef("pk"))
    due = Project.objects.filter(~Exists(at_work), purge_at__lte=now).order_by("purge_at")
    return sum(begin_purge(project, actor=SYSTEM, now=now) is not None for project in due[:BATCH])


def begin_purge(project: Project, *, actor: Actor, now: datetime) -> Operation | None:
    """The operation that removes what is left of `project`, for good; None if it is not due, or under way."""
    with transaction.atomic():
        project = lock(project)
        is_due = project.purge_at is not None and project.purge_at <= now
        if not is_due or operation_rows.find_open(project):
            return None
        return operation_rows.begin(project, Type.PURGE, {}, actor=actor, now=now)


def give_up(projects: QuerySet[Project], now: datetime) -> int:
    """None of `projects` comes back any more: those that wait are purged by the next round. How many."""
    return projects.filter(purge_at__gt=now).update(purge_at=now)
