"""What serves both modes: the list of projects, and their API keys."""

from datetime import datetime
from typing import Annotated, TypedDict

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse

from oauth_provider.views.call import Call, Id, Stamp, says
from oauth_provider.views.door import as_uuid
from partnership import events, project_keys
from partnership.authentication import Door, Party
from partnership.errors import Fault, Invalid, ProjectNotFound
from partnership.events import Actor
from partnership.models import Project
from partnership.operation_rows import lock
from partnership.paging import page
from partnership.views.door import PartnerView, answer
from partnership.views.fields import PageQuery, RotateBody
from partnership.views.shapes import Extras, extras, stamp

LISTED = [value for value in Project.Status.values if value != Project.Status.DELETED]


class ProjectQuery(PageQuery, total=False):
    status: Annotated[str, says(enum=tuple(LISTED))]
    external_id: str


class ListedProject(Extras):
    id: Id
    mode: str
    user_id: Id | None
    name: str
    external_id: str | None
    access_host: str
    region: str
    instance_type: str
    volume_size_gib: int
    status: str
    created_at: Stamp | None


class PartnerProjects(TypedDict):
    projects: list[ListedProject]
    next_cursor: str | None


class RotatedKey(TypedDict):
    id: Id
    api_key: str
    previous_api_key_ends_at: Stamp | None


class Rotated(TypedDict):
    project: RotatedKey


class ProjectList(PartnerView):
    doors = {"GET": Door("projects:read", changes=False)}
    calls = {"GET": Call("What this partner provisioned, newest first", {200: PartnerProjects}, query=ProjectQuery)}

    def get(self, request: HttpRequest) -> JsonResponse:
        mine = reachable(self.caller)
        status, external_id = request.GET.get("status"), request.GET.get("external_id")
        if status is not None:
            mine = mine.filter(status=read_status(status))
        if external_id is not None:
            # PostgreSQL takes no NUL, not even to look for.
            mine = mine.none() if "\0" in external_id else mine.filter(external_id=external_id)
        rows, cursor = page(mine, request.GET, time_field="created_at")
        return answer(PartnerProjects(projects=[listed(project) for project in rows], next_cursor=cursor))


class RotateApiKey(PartnerView):
    """A new key; the old one ends after `overlap_seconds`, a day where nothing is said."""

    doors = {"POST": Door("projects:write")}
    calls = {"POST": Call("A new API key", {200: Rotated}, body=RotateBody, refusals=(ProjectNotFound,))}

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        overlap = self.read_body()["overlap_seconds"]
        project = get_reachable(self.caller, project_id)
        key, ends_at = rotate_key(project, overlap_seconds=overlap, actor=self.caller.actor, now=self.now)
        rotated = RotatedKey(id=str(project.id), api_key=key, previous_api_key_ends_at=stamp(ends_at))
        return answer(Rotated(project=rotated))


def rotate_key(project: Project, *, overlap_seconds: int, actor: Actor, now: datetime) -> tuple[str, datetime]:
    """A new key, in clear, and when the old one ends."""
    with transaction.atomic():
        project = lock(project)
        key, ends_at = project_keys.rotate(project, overlap_seconds=overlap_seconds, now=now)
        data: dict[str, object] = {"previous_ends_at": stamp(ends_at)}
        events.of_project("project.api_key_rotated", project, actor=actor, now=now, data=data)
    return key, ends_at


def reachable(caller: Party) -> QuerySet[Project]:
    """What the partner made and may still touch: of co-branded people only while they are linked."""
    made = Project.objects.there().filter(partner=caller.partner, environment=caller.environment)
    linked = caller.partner.connections.filter(cut_at__isnull=True, user__is_active=True).values("user")
    return made.filter(Q(mode=Project.Mode.WHITE_LABEL) | Q(user__in=linked))


def get_reachable(caller: Party, project_id: str) -> Project:
    project = reachable(caller).filter(pk=as_uuid(project_id)).first()
    if project is None:
        raise ProjectNotFound
    return project


def read_status(text: str) -> str:
    if text not in LISTED:
        raise Invalid(Fault("status", "not_allowed", f"status must be one of: {', '.join(LISTED)}."))
    return text


def listed(project: Project) -> ListedProject:
    """Without the key: a list is for finding, `metadata` for using."""
    return {
        "id": str(project.id),
        "mode": project.mode,
        "user_id": str(project.user_id) if project.user_id else None,
        "name": project.name,
        "external_id": project.external_id,
        "access_host": project.access_host,
        "region": project.region_id,
        "instance_type": project.instance_type_id,
        "volume_size_gib": project.volume_size_gib,
        "status": project.status,
        "created_at": stamp(project.created_at),
        **extras(project),
    }
