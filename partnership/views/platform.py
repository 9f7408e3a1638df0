"""The project rows of platform.md: what a person's access token opens, on the same lifecycle.

A project is the person's if its organization has him as a member. White-label projects belong
to no organization, and simulated ones are the partner's affair: neither is ever seen here.
"""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import Organization, User
from oauth_provider.authentication import Bearer, get_bearer
from partnership import creation, lifecycle, project_keys
from partnership.creation import Owner, Wanted
from partnership.errors import OrganizationNotFound, ProjectNotFound
from partnership.events import Actor
from partnership.models import Operation, Project
from partnership.views.door import MethodRefused, answer, as_uuid, read_body
from partnership.views.fields import ChangeBody, CreateBody, TransferBody, UpgradeInstanceBody
from partnership.views.platform_shapes import project_body, version_of
from partnership.waiting import LONG_SECONDS, SHORT_SECONDS, wait_for

Type = Operation.Type
READ, WRITE = "projects:read", "projects:write"


class BearerHeader(BaseAuthentication):
    """Names the header to the API reference; `get_bearer` does the checking."""

    def authenticate(self, request: Request) -> None:
        return None


class PlatformView(APIView):
    """A call of a person's token; `scopes` says for each method which scope it needs."""

    authentication_classes = [BearerHeader]
    permission_classes = []
    scopes: ClassVar[dict[str, str]] = {}
    bearer: Bearer
    user: User

    def dispatch(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        scope = self.scopes.get(str(request.method))
        if scope is None:
            raise MethodRefused(", ".join(self.scopes))
        self.now = timezone.now()
        self.bearer = get_bearer(request, scope=scope)
        person = self.bearer.person
        self.user = User(id=person.id, email=person.email) if person else User()
        request_id = request.META["gatehouse.request_id"]
        self.actor = Actor("user", str(self.user.id), self.user.email, request_id)
        response: HttpResponse = getattr(self, str(request.method).lower())(request, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def get_organization(self, organization_id: str) -> Organization:
        """Raises OrganizationNotFound for every other than the person's own."""
        mine = Organization.objects.filter(memberships__user=self.user.pk, pk=as_uuid(organization_id))
        organization = mine.first()
        if organization is None:
            raise OrganizationNotFound
        return organization

    def get_project(self, project_id: str) -> Project:
        project = visible(self.user).filter(pk=as_uuid(project_id)).first()
        if project is None:
            raise ProjectNotFound
        return project

    def shown(self, project: Project) -> JsonResponse:
        project.refresh_from_db()
        return answer({"project": project_body(project)})


class OrganizationProjects(PlatformView):
    scopes = {"GET": READ, "POST": WRITE}

    def get(self, request: HttpRequest, organization_id: str) -> JsonResponse:
        organization = self.get_organization(organization_id)
        mine = visible(self.user).filter(organization=organization).order_by("-created_at", "-pk")
        return answer({"projects": [project_body(project) for project in mine]})

    def post(self, request: HttpRequest, organization_id: str) -> JsonResponse:
        """201 at once, still `creating`: clients poll until it is active."""
        body = read_body(request, CreateBody)
        organization = self.get_organization(organization_id)
        owner = Owner(Project.Mode.PLATFORM, organization=organization)
        wanted = Wanted(body["name"], body.get("region"), body.get("instance_type"))
        project = creation.create_new(owner, wanted, actor=self.actor, now=self.now)
        return answer({"project": project_body(project)}, 201)


class ProjectDetail(PlatformView):
    scopes = {"GET": READ, "PUT": WRITE, "DELETE": WRITE}

    def get(self, request: HttpRequest, project_id: str) -> JsonResponse:
        return self.shown(self.get_project(project_id))

    def put(self, request: HttpRequest, project_id: str) -> JsonResponse:
        body = read_body(request, ChangeBody)
        project = self.get_project(project_id)
        lifecycle.change_settings(
            project,
            name=body.get("name"),
            domain=body.get("customizedDomain"),
            volume_size_gib=body.get("storageDiskSize"),
            actor=self.actor,
            now=self.now,
        )
        return self.shown(project)

    def delete(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = self.get_project(project_id)
        begin(self, project, Type.DELETE)
        return answer({"message": "Project deleted successfully"})


class AccessApiKey(PlatformView):
    scopes = {"GET": WRITE}

    def get(self, request: HttpRequest, project_id: str) -> JsonResponse:
        return answer({"access_api_key": project_keys.current(self.get_project(project_id))})


class Pause(PlatformView):
    scopes = {"POST": WRITE}
    type_ = Type.PAUSE

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = self.get_project(project_id)
        begin(self, project, self.type_)
        return self.shown(project)


class Restore(Pause):
    type_ = Type.RESTORE


class Restart(PlatformView):
    """The options come in the query, as the deployed CLI sends them."""

    scopes = {"POST": WRITE}

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = self.get_project(project_id)
        version = version_of(request.GET.get("insforgeOssVersion"))
        _, operation = lifecycle.restart(project, version, actor=self.actor, now=self.now)
        is_patient = request.GET.get("waitForCompletion", "").lower() in ("true", "1")
        wait_for(operation, seconds=LONG_SECONDS if is_patient else SHORT_SECONDS)
        return self.shown(project)


class UpgradeInstance(PlatformView):
    scopes = {"POST": WRITE}

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        wanted = read_body(request, UpgradeInstanceBody)["instanceType"]
        project = self.get_project(project_id)
        upgrade = lifecycle.upgrade(project, wanted, None, actor=self.actor, now=self.now)
        if upgrade.operation:
            wait_for(upgrade.operation, seconds=SHORT_SECONDS)
        project.refresh_from_db()
        return answer(
            {
                "message": "Project upgrade initiated",
                "project": project_body(project),
                "previousInstanceType": upgrade.previous_type,
                "newInstanceType": upgrade.new_type,
                "previousVolumeSizeGiB": upgrade.previous_gib,
                "newVolumeSizeGiB": upgrade.new_gib,
            }
        )


class Transfer(PlatformView):
    scopes = {"POST": WRITE}

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        target_id = read_body(request, TransferBody)["targetOrganizationId"]
        project = self.get_project(project_id)
        target = self.get_organization(target_id)
        return self.shown(lifecycle.transfer(project, target, actor=self.actor, now=self.now))


def visible(user: User) -> QuerySet[Project]:
    """What `user` sees: live projects of his organizations that are not gone or going."""
    mine = Organization.objects.filter(memberships__user=user.pk)
    there = Project.objects.filter(organization__in=mine, environment="live", deleted_at__isnull=True)
    return there.exclude(operation_status="deleting").select_related("provisioner")


def begin(view: PlatformView, project: Project, type_: Operation.Type) -> None:
    operation = lifecycle.change(project, type_, actor=view.actor, now=view.now)
    if operation:
        wait_for(operation, seconds=SHORT_SECONDS)
