"""Projects whose people know only the partner (partnership.md, "White-label")."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from oauth_provider.views.door import as_uuid
from partnership import creation, events, lifecycle, project_token
from partnership.authentication import Caller, Door
from partnership.creation import Owner, Wanted
from partnership.errors import ProjectNotFound
from partnership.idempotency import Unstored
from partnership.models import Operation, Project
from partnership.views.door import PartnerView, answer, read_body
from partnership.views.fields import RestartBody, SyncBody, UpgradeBody, WaitBody
from partnership.views.shapes import (
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


class SyncEmbeddedProject(PartnerView):
    doors = {"POST": WRITE}

    def post(self, request: HttpRequest) -> JsonResponse:
        body = read_body(request, SyncBody)
        wanted = Wanted(body["project_name"], body.get("region"), body.get("instance_type"), body.get("external_id"))
        owner = Owner(MODE, self.caller.environment, partner=self.caller.partner)
        project, operation = creation.sync(owner, wanted, actor=self.caller.actor, now=self.now)
        return synced_answer(project, operation, self.caller.partner.pk)


class Metadata(PartnerView):
    doors = {"GET": READ}

    def get(self, request: HttpRequest, project_id: str) -> JsonResponse:
        return answer({"project": full_project_body(get_project(self.caller, project_id))})


class Pause(PartnerView):
    """Pausing what is paused answers 200 and does nothing."""

    doors = {"POST": WRITE}
    type_ = Operation.Type.PAUSE

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        wait = read_body(request, WaitBody).get("wait_for_completion")
        project = get_project(self.caller, project_id)
        operation = lifecycle.change(project, self.type_, actor=self.caller.actor, now=self.now)
        operation = settled(operation, seconds=seconds_to_wait(wait))
        project.refresh_from_db()
        body: dict[str, object] = {"id": str(project.id), "status": project.status, **extras(project)}
        return operation_answer({"project": body}, operation, self.caller.partner.pk, waited=bool(wait))


class Restore(Pause):
    type_ = Operation.Type.RESTORE


class Upgrade(PartnerView):
    doors = {"POST": WRITE}

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        body = read_body(request, UpgradeBody)
        project = get_project(self.caller, project_id)
        size, type_ = body.get("volume_size_gib"), body.get("instance_type")
        upgrade = lifecycle.upgrade(project, type_, size, actor=self.caller.actor, now=self.now)
        wait = body.get("wait_for_completion")
        operation = settled(upgrade.operation, seconds=seconds_to_wait(wait))
        told: dict[str, object] = {
            "message": "Project upgrade initiated",
            "previousInstanceType": upgrade.previous_type,
            "newInstanceType": upgrade.new_type,
            "previousVolumeSizeGiB": upgrade.previous_gib,
            "newVolumeSizeGiB": upgrade.new_gib,
        }
        return operation_answer(told, operation, self.caller.partner.pk, waited=bool(wait))


class Restart(PartnerView):
    doors = {"POST": WRITE}

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        body = read_body(request, RestartBody)
        project = get_project(self.caller, project_id)
        version = body.get("insforge_oss_version")
        version, begun = lifecycle.restart(project, version, actor=self.caller.actor, now=self.now)
        wait = body.get("wait_for_completion")
        operation = settled(begun, seconds=seconds_to_wait(wait))
        told: dict[str, object] = {"message": "Project restart initiated", "insforgeOssVersion": version}
        return operation_answer(told, operation, self.caller.partner.pk, waited=bool(wait))


class Delete(PartnerView):
    """The one call that knows deleted projects: deleting again is 200."""

    doors = {"DELETE": WRITE}

    def delete(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = get_project(self.caller, project_id, deleted_too=True)
        type_ = Operation.Type.DELETE
        begun = lifecycle.change(project, type_, actor=self.caller.actor, now=self.now)
        operation = settled(begun, seconds=seconds_to_wait(None))
        told: dict[str, object] = {
            "message": "Project deleted successfully",
            "requestId": self.caller.request_id,
        }
        return operation_answer(told, operation, self.caller.partner.pk, waited=False)


class Authorization(PartnerView):
    """A code is for one entry: it is never stored and never given a second time."""

    doors = {"POST": WRITE}

    def post(self, request: HttpRequest, project_id: str) -> JsonResponse:
        project = get_project(self.caller, project_id)
        code = project_token.sign(project, user_id=project_token.user_of(project), now=self.now)
        events.of_project("project.authorized", project, actor=self.caller.actor, now=self.now)
        return Unstored({"code": code, "expires_in": settings.PROJECT_TOKEN_SECONDS, "type": "Bearer"})


def get_project(caller: Caller, project_id: str, *, deleted_too: bool = False) -> Project:
    """The caller's white-label project of its environment.

    Raises ProjectNotFound for any other, for no UUID, and for one that is being deleted.
    """
    found = Project.objects.filter(
        pk=as_uuid(project_id), partner=caller.partner, mode=MODE, environment=caller.environment
    ).select_related("provisioner")
    if not deleted_too:
        found = found.filter(deleted_at__isnull=True).exclude(operation_status="deleting")
    project = found.first()
    if project is None:
        raise ProjectNotFound
    return project
