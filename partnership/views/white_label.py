"""Projects whose people know only the partner (partnership.md, "White-label")."""

from dataclasses import replace
from typing import NotRequired, TypedDict

from django.conf import settings
from django.db.models import CharField, F, UUIDField
from django.http import HttpRequest, JsonResponse

from accounts.prepared import Parameter, Prepared
from oauth_provider.views.call import Call, Id
from oauth_provider.views.door import as_uuid
from partnership import creation, events, lifecycle, project_token
from partnership.authentication import Caller, Door, Party
from partnership.creation import Owner, Wanted
from partnership.errors import (
    InvalidState,
    OperationInProgress,
    ProjectNotFound,
    ProvisionerUnavailable,
    VolumeShrinkRefused,
)
from partnership.idempotency import Unstored
from partnership.models import Operation, Project
from partnership.views.door import MAY_MEET, PartnerView, answer
from partnership.views.fields import RestartBody, SyncBody, UpgradeBody, WaitBody
from partnership.views.shapes import (
    Extras,
    SyncedProject,
    WhiteLabelProject,
    extras,
    full_project_body,
    operation_answer,
    seconds_to_wait,
    settled,
    synced_answer,
)

MODE = Project.Mode.WHITE_LABEL
READ = Door("projects:read", MODE, changes=False)
WRITE = Door("projects:write", MODE)


class OneWhiteLabelProject(TypedDict):
    project: WhiteLabelProject


class MovedProject(Extras):
    id: Id
    status: str


class Moved(TypedDict):
    project: MovedProject
    operation_id: NotRequired[Id]


class Upgraded(TypedDict):
    message: str
    previousInstanceType: str
    newInstanceType: str
    previousVolumeSizeGiB: int
    newVolumeSizeGiB: int
    operation_id: NotRequired[Id]


class Restarted(TypedDict):
    message: str
    insforgeOssVersion: str
    operation_id: NotRequired[Id]


class ProjectDeleted(TypedDict):
    message: str
    requestId: str
    operation_id: NotRequired[Id]


class EntryCode(TypedDict):
    code: str
    expires_in: int
    type: str


class SyncEmbeddedProject(PartnerView):
    doors = {"POST": WRITE}
    calls = {
        "POST": Call(
            "Make a project, or find the one of that name",
            {200: SyncedProject},
            body=SyncBody,
            refusals=(OperationInProgress, InvalidState, ProvisionerUnavailable),
            begins=True,
        )
    }

    def post(self, request: HttpRequest) -> JsonResponse:
        body = self.read_body()
        wanted = Wanted(body["project_name"], body.get("region"), body.get("instance_type"), body.get("external_id"))
        owner = Owner(MODE, self.caller.environment, partner=self.caller.partner)
        project, operation = creation.sync(owner, wanted, actor=self.caller.actor, now=self.now)
        return synced_answer(project, operation, self.caller.partner.pk)


class Metadata(PartnerView):
    doors = {"GET": READ}
    calls = {"GET": Call("A project with its key", {200: OneWhiteLabelProject}, refusals=(ProjectNotFound,))}

    def get(self, request: HttpRequest, project_id: str) -> JsonResponse:
        return answer(OneWhiteLabelProject(project=full_project_body(read_project(self.caller, project_id))))


class Pause(PartnerView):
    """Pausing what is paused answers 200 and does nothing."""

    doors = {"POST": WRITE}
    calls = {"POST": Call("Pause a project", {200: Moved, 202: Moved}, body=WaitBody, refusals=MAY_MEET, begins=True)}
    type_ = Operation.Type.PAUSE

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        wait = self.read_body().get("wait_for_completion")
        project = get_project(self.caller, project_id)
        operation = lifecycle.change(project, self.type_, actor=self.caller.actor, now=self.now)
        operation = settled(operation, seconds=seconds_to_wait(wait))
        project.refresh_from_db()
        moved: MovedProject = {"id": str(project.id), "status": project.status, **extras(project)}
        return operation_answer(Moved(project=moved), operation, self.caller.partner.pk, waited=bool(wait))


class Restore(Pause):
    calls = {"POST": replace(Pause.calls["POST"], summary="Restore a paused project")}
    type_ = Operation.Type.RESTORE


class Upgrade(PartnerView):
    doors = {"POST": WRITE}
    calls = {
        "POST": Call(
            "Another instance type, a larger volume, or both",
            {200: Upgraded, 202: Upgraded},
            body=UpgradeBody,
            refusals=(*MAY_MEET, VolumeShrinkRefused),
            begins=True,
        )
    }

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        body = self.read_body()
        project = get_project(self.caller, project_id)
        size, type_ = body.get("volume_size_gib"), body.get("instance_type")
        upgrade = lifecycle.upgrade(project, type_, size, actor=self.caller.actor, now=self.now)
        wait = body.get("wait_for_completion")
        operation = settled(upgrade.operation, seconds=seconds_to_wait(wait))
        told: Upgraded = {
            "message": "Project upgrade initiated",
            "previousInstanceType": upgrade.previous_type,
            "newInstanceType": upgrade.new_type,
            "previousVolumeSizeGiB": upgrade.previous_gib,
            "newVolumeSizeGiB": upgrade.new_gib,
        }
        return operation_answer(told, operation, self.caller.partner.pk, waited=bool(wait))


class Restart(PartnerView):
    doors = {"POST": WRITE}
    calls = {
        "POST": Call(
            "Restart a project, on another version if one is named",
            {200: Restarted, 202: Restarted},
            body=RestartBody,
            refusals=MAY_MEET,
            begins=True,
        )
    }

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        body = self.read_body()
        project = get_project(self.caller, project_id)
        version = body.get("insforge_oss_version")
        version, begun = lifecycle.restart(project, version, actor=self.caller.actor, now=self.now)
        wait = body.get("wait_for_completion")
        operation = settled(begun, seconds=seconds_to_wait(wait))
        told: Restarted = {"message": "Project restart initiated", "insforgeOssVersion": version}
        return operation_answer(told, operation, self.caller.partner.pk, waited=bool(wait))


class Delete(PartnerView):
    """The one call that knows deleted projects: deleting again is 200."""

    doors = {"DELETE": WRITE}
    calls = {"DELETE": Call("Delete a project for good", {200: ProjectDeleted}, refusals=MAY_MEET, begins=True)}

    def delete(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = get_project(self.caller, project_id, deleted_too=True)
        type_ = Operation.Type.DELETE
        begun = lifecycle.change(project, type_, actor=self.caller.actor, now=self.now)
        operation = settled(begun, seconds=seconds_to_wait(None))
        told: ProjectDeleted = {
            "message": "Project deleted successfully",
            "requestId": self.caller.request_id,
        }
        return operation_answer(told, operation, self.caller.partner.pk, waited=False)


class Authorization(PartnerView):
    """A code is for one entry: it is never stored and never given a second time."""

    doors = {"POST": WRITE}
    calls = {
        "POST": Call(
            "A code that lets the partner's user into a project for ten minutes",
            {200: EntryCode},
            refusals=(ProjectNotFound, InvalidState),
        )
    }

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = get_project(self.caller, project_id)
        code = project_token.sign(project, user_id=project_token.user_of(project), now=self.now)
        events.of_project("project.authorized", project, actor=self.caller.actor, now=self.now)
        return Unstored(EntryCode(code=code, expires_in=settings.PROJECT_TOKEN_SECONDS, type="Bearer"))


def get_project(caller: Party, project_id: str, *, deleted_too: bool = False) -> Project:
    """The caller's white-label project of its environment.

    Raises ProjectNotFound for any other, for no UUID, and for one that is being deleted.
    """
    found = Project.objects.filter(
        pk=as_uuid(project_id), partner=caller.partner, mode=MODE, environment=caller.environment
    ).select_related("provisioner")
    if not deleted_too:
        found = found.there()
    project = found.first()
    if project is None:
        raise ProjectNotFound
    return project


def read_project(caller: Caller, project_id: str) -> Project:
    """As `get_project`, by one statement that brings its key."""
    project = READ_PROJECT.first(project=as_uuid(project_id), partner=caller.partner.pk, environment=caller.environment)
    if project is None:
        raise ProjectNotFound
    return project


READ_PROJECT = Prepared(
    lambda: (
        Project.objects.there()
        .filter(
            pk=Parameter("project", UUIDField()),
            partner_id=Parameter("partner", CharField()),
            environment=Parameter("environment", CharField()),
            mode=MODE,
            keys__expires_at=None,
        )
        .annotate(encrypted_key=F("keys__encrypted"))
    )
)
