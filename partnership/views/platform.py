"""The project rows of platform.md: what a person's access token opens, on the same lifecycle.

A project is the person's if its organization has him as a member; owners change it, members
look. White-label projects belong to no organization, and simulated ones are the partner's
affair: neither is ever seen here.
"""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse

from accounts.errors import ApiError
from accounts.models import Membership, Role
from oauth_provider.authentication import Person, challenge
from oauth_provider.errors import InsufficientScope, NotAnOwner, OrganizationNotFound
from oauth_provider.models import Application
from oauth_provider.views.call import Call, says
from oauth_provider.views.door import Access, PlatformView, as_uuid
from partnership import catalog, creation, lifecycle, operation_rows, project_keys
from partnership.creation import Owner, Wanted
from partnership.errors import (
    ProjectLimitReached,
    ProjectNotFound,
    VolumeShrinkRefused,
)
from partnership.events import Actor
from partnership.models import Operation, Project
from partnership.views.door import MAY_MEET, answer, read_body, refusals_of
from partnership.views.fields import ChangeBody, CreateBody, TransferBody, UpgradeInstanceBody
from partnership.views.platform_shapes import (
    AccessKey,
    OnePlatformProject,
    PlatformProjectDeleted,
    PlatformProjects,
    PlatformUpgraded,
    project_body,
    upgrade_body,
    version_of,
)
from partnership.views.shapes import settled
from partnership.waiting import LONG_SECONDS, SHORT_SECONDS

Type = Operation.Type
READ = Access("projects:read")
WRITE = Access("projects:write", Role.OWNER)
# A key opens everything in the project: owners alone read it, whatever the scope.
KEY = Access("projects:read", Role.OWNER)


class RestartQuery(TypedDict, total=False):
    insforgeOssVersion: str
    waitForCompletion: Annotated[str, says(enum=("true", "false", "1", "0"))]


class ProjectView(PlatformView):
    @property
    def actor(self) -> Actor:
        request_id = self.request.META["gatehouse.request_id"]
        return Actor("user", str(self.person.id), self.person.email, request_id)

    @classmethod
    def refusals(cls, method: str) -> list[type[ApiError]]:
        return [*super().refusals(method), *refusals_of(cls.calls[method])]

    def read_body(self) -> dict[str, Any]:
        """The request's body as the call declares it. Raises InvalidJson (400), Invalid (422)."""
        return read_body(self.request, self.calls[str(self.request.method)].body)

    def get_project(self, project_id: str) -> Project:
        """Raises ProjectNotFound for every other than the person's own, NotAnOwner if he may only look."""
        project = visible(self.person).filter(pk=as_uuid(project_id)).first()
        if project is None:
            raise ProjectNotFound
        mine = Membership.objects.filter(user=self.person.id, organization=project.organization_id)
        if self.role == Role.OWNER and not mine.filter(role=Role.OWNER).exists():
            raise NotAnOwner
        return project

    def shown(
        self, project: Project, operation: Operation | None = None, *, seconds: float = SHORT_SECONDS
    ) -> JsonResponse:
        """The project after `operation`, or while it runs. Raises ProvisionerUnavailable if that failed."""
        settled(operation, seconds=seconds)
        project.refresh_from_db()
        return answer(OnePlatformProject(project=project_body(project)))


class OrganizationProjects(ProjectView):
    doors = {"GET": READ, "POST": WRITE}
    calls = {
        "GET": Call("The projects of an organization", {200: PlatformProjects}, refusals=(OrganizationNotFound,)),
        "POST": Call(
            "Make a project",
            {201: OnePlatformProject},
            body=CreateBody,
            refusals=(OrganizationNotFound, ProjectLimitReached),
        ),
    }

    def get(self, request: HttpRequest, organization_id: str) -> JsonResponse:
        organization = self.get_organization(as_uuid(organization_id))
        mine = visible(self.person).filter(organization=organization).order_by("-created_at", "-pk")
        return answer(PlatformProjects(projects=[project_body(project) for project in mine]))

    def post(self, request: HttpRequest, organization_id: str) -> JsonResponse:
        """201 at once, still `creating`: clients poll until it is active."""
        organization = self.get_organization(as_uuid(organization_id))
        body = self.read_body()
        owner = Owner(Project.Mode.PLATFORM, organization=organization)
        wanted = Wanted(body["name"], body.get("region"), body.get("instance_type"))
        project = creation.create_new(owner, wanted, actor=self.actor, now=self.now)
        return answer(OnePlatformProject(project=project_body(project)), 201)


class ProjectDetail(ProjectView):
    doors = {"GET": READ, "PUT": WRITE, "DELETE": WRITE}
    calls = {
        "GET": Call("A project", {200: OnePlatformProject}, refusals=(ProjectNotFound,)),
        "PUT": Call(
            "Another name, domain or a larger volume",
            {200: OnePlatformProject},
            body=ChangeBody,
            refusals=(*MAY_MEET, VolumeShrinkRefused),
        ),
        "DELETE": Call("Delete a project for good", {200: PlatformProjectDeleted}, refusals=MAY_MEET),
    }

    def get(self, request: HttpRequest, project_id: str) -> JsonResponse:
        return self.shown(self.get_project(project_id))

    def put(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = self.get_project(project_id)
        body = self.read_body()
        size = body.get("storageDiskSize")
        if size is not None:  # again under the lock, but here by the name that the caller knows
            catalog.check_volume(size, current_gib=project.volume_size_gib, param="storageDiskSize")
        lifecycle.change_settings(
            project,
            name=body.get("name"),
            domain=body.get("customizedDomain"),
            volume_size_gib=size,
            actor=self.actor,
            now=self.now,
        )
        return self.shown(project, operation_rows.find_open(project) if size is not None else None)

    def delete(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = self.get_project(project_id)
        operation = lifecycle.change(project, Type.DELETE, actor=self.actor, now=self.now)
        settled(operation, seconds=SHORT_SECONDS)
        return answer(PlatformProjectDeleted(message="Project deleted successfully"))


class AccessApiKey(ProjectView):
    """Reading a key needs `projects:write`, or `projects:read` by a client that staff trust with keys."""

    doors = {"GET": KEY}
    calls = {"GET": Call("A project's API key", {200: AccessKey}, refusals=(ProjectNotFound,))}

    def get(self, request: HttpRequest, project_id: str) -> JsonResponse:
        self.check_trust()
        return answer(AccessKey(access_api_key=project_keys.current(self.get_project(project_id))))

    def check_trust(self) -> None:
        trusted = Application.objects.filter(pk=self.bearer.application_id, trusted_with_keys=True)
        if "projects:write" not in self.bearer.scope.split() and not trusted.exists():
            raise InsufficientScope(
                WRITE.scope, challenge(self.request.path, error="insufficient_scope", scope=WRITE.scope)
            )


class Pause(ProjectView):
    doors = {"POST": WRITE}
    calls = {"POST": Call("Pause a project", {200: OnePlatformProject}, refusals=MAY_MEET)}
    type_ = Type.PAUSE

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = self.get_project(project_id)
        return self.shown(project, lifecycle.change(project, self.type_, actor=self.actor, now=self.now))


class Restore(Pause):
    calls = {
        "POST": Call("Restore a paused project", {200: OnePlatformProject}, refusals=(*MAY_MEET, ProjectLimitReached))
    }
    type_ = Type.RESTORE


class Restart(ProjectView):
    """The options come in the query, as the deployed CLI sends them."""

    doors = {"POST": WRITE}
    calls = {"POST": Call("Restart a project", {200: OnePlatformProject}, query=RestartQuery, refusals=MAY_MEET)}

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = self.get_project(project_id)
        version = version_of(request.GET.get("insforgeOssVersion"))
        param = "insforgeOssVersion"
        _, operation = lifecycle.restart(project, version, actor=self.actor, now=self.now, param=param)
        is_patient = request.GET.get("waitForCompletion", "").lower() in ("true", "1")
        return self.shown(project, operation, seconds=LONG_SECONDS if is_patient else SHORT_SECONDS)


class UpgradeInstance(ProjectView):
    doors = {"POST": WRITE}
    calls = {
        "POST": Call("Another instance type", {200: PlatformUpgraded}, body=UpgradeInstanceBody, refusals=MAY_MEET)
    }

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = self.get_project(project_id)
        wanted = self.read_body()["instanceType"]
        upgrade = lifecycle.upgrade(project, wanted, None, actor=self.actor, now=self.now, param="instanceType")
        settled(upgrade.operation, seconds=SHORT_SECONDS)
        project.refresh_from_db()
        told: PlatformUpgraded = {
            "message": "Project upgrade initiated",
            "project": project_body(project),
            **upgrade_body(upgrade),
        }
        return answer(told)


class Transfer(ProjectView):
    """By an owner, to an organization of which he is a member."""

    doors = {"POST": WRITE}
    calls = {
        "POST": Call(
            "Give a project to another organization",
            {200: OnePlatformProject},
            body=TransferBody,
            refusals=(*MAY_MEET, OrganizationNotFound, ProjectLimitReached),
        )
    }

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = self.get_project(project_id)
        target_id = self.read_body()["targetOrganizationId"]
        self.role = Role.MEMBER
        target = self.get_organization(as_uuid(target_id))
        return self.shown(lifecycle.transfer(project, target, actor=self.actor, now=self.now))


def visible(person: Person) -> QuerySet[Project]:
    """What `person` sees: live projects of his organizations that are not gone or going."""
    mine = Membership.objects.filter(user=person.id).values("organization")
    there = Project.objects.there().filter(organization__in=mine, environment="live")
    return there.select_related("provisioner")
