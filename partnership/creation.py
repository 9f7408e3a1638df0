"""New projects, and the old ones that a partner finds again by their name or external id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import Organization, User
from partnership import catalog, operation_rows, plan_limit, project_keys, tenures
from partnership.constraints import is_name_taken
from partnership.errors import OperationInProgress
from partnership.events import Actor
from partnership.models import Operation, Partner, Project
from partnership.operation_rows import lock

Type = Operation.Type
Status = Project.Status


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom a new project belongs, and by whom an old one is found."""

    mode: Project.Mode
    environment: str = "live"
    partner: Partner | None = None
    user: User | None = None
    organization: Organization | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    name: str
    region: str | None = None
    instance_type: str | None = None
    external_id: str | None = None


def sync(owner: Owner, wanted: Wanted, *, actor: Actor, now: datetime) -> tuple[Project, Operation | None]:
    """The partner's project of that name or external id, made if there is none, and what creates it.

    Raises Invalid (422), ProjectLimitReached, OperationInProgress (409: it is being deleted).
    Source: partnership.md, "Co-branded".
    """
    found = synced(owner, wanted).first()
    if found is None:
        try:
            with transaction.atomic():
                return create(owner, wanted, actor=actor, now=now)
        except IntegrityError as clash:
            if not is_name_taken(clash):
                raise
            return sync(owner, wanted, actor=actor, now=now)  # a parallel call was first
    project, operation = adopt(found, actor=actor, now=now)
    if project.status == Status.DELETED:  # since it was found
        return sync(owner, wanted, actor=actor, now=now)
    return project, operation


def synced(owner: Owner, wanted: Wanted) -> QuerySet[Project]:
    mine = Project.objects.filter(
        mode=owner.mode,
        environment=owner.environment,
        partner=owner.partner,
        user=owner.user,
        deleted_at__isnull=True,
    ).order_by("created_at")
    if wanted.external_id is not None:
        return mine.filter(external_id=wanted.external_id)
    return mine.filter(sync_name=wanted.name)


def create(owner: Owner, wanted: Wanted, *, actor: Actor, now: datetime) -> tuple[Project, Operation]:
    """A new project and the operation that makes it, in the caller's transaction."""
    region = catalog.get_region(wanted.region)
    instance_type = catalog.get_instance_type(wanted.instance_type)
    if owner.organization is not None:
        plan_limit.check(owner.organization, owner.environment)
    project = Project.objects.create(
        mode=owner.mode,
        environment=owner.environment,
        partner=owner.partner,
        user=owner.user,
        organization=owner.organization,
        name=wanted.name,
        sync_name=wanted.name if owner.partner else "",
        external_id=wanted.external_id,
        provisioner=catalog.get_provisioner(region, owner.environment),
        region=region,
        instance_type=instance_type,
        volume_size_gib=settings.PROJECT_FIRST_VOLUME_GIB,
        service_version=catalog.get_version(None),
        created_at=now,
        updated_at=now,
    )
    tenures.begin(project, now)
    project_keys.add(project, now)
    return project, operation_rows.begin(project, Type.CREATE, {}, actor=actor, now=now)


def create_new(owner: Owner, wanted: Wanted, *, actor: Actor, now: datetime) -> Project:
    """A project of a person's own: two of the same name are two."""
    with transaction.atomic():
        return create(owner, wanted, actor=actor, now=now)[0]


def adopt(project: Project, *, actor: Actor, now: datetime) -> tuple[Project, Operation | None]:
    """A found project as it is; one whose creation failed is tried again."""
    with transaction.atomic():
        project = lock(project)
        running = operation_rows.find_open(project)
        if running and running.type == Type.DELETE:
            raise OperationInProgress(str(running.id))
        if running or project.status != Status.FAILED:
            return project, running if running and running.type == Type.CREATE else None
        return project, create_again(project, actor=actor, now=now)


def create_again(project: Project, *, actor: Actor, now: datetime) -> Operation:
    if project.organization is not None:
        plan_limit.check(project.organization, project.environment)
    project.status = Status.CREATING
    project.save(update_fields=["status"])
    return operation_rows.begin(project, Type.CREATE, {}, actor=actor, now=now)
