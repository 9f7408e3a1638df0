"""How projects and operations look on the wire (partnership.md)."""

from collections.abc import Mapping
from datetime import datetime
from typing import NotRequired, TypedDict

from django.http import JsonResponse
from django.utils.translation import gettext_noop

from accounts import stamps
from oauth_provider.views.call import Id, Stamp
from partnership import project_keys
from partnership.errors import InvalidState, ProvisionerUnavailable
from partnership.models import Operation, Project
from partnership.views.door import answer
from partnership.waiting import LONG_SECONDS, SHORT_SECONDS, wait_for

OperationStatus = Operation.Status


class Extras(TypedDict, total=False):
    """What runs, and what is only simulated."""

    operation_status: str
    simulated: bool


class PartnerProject(Extras):
    """The four keys of every project of a partner."""

    id: Id
    access_host: str
    api_key: str
    status: str


class WhiteLabelProject(PartnerProject):
    region: str
    instance_type: str
    last_activity_at: Stamp | None


class SyncedProject(TypedDict):
    success: bool
    project: PartnerProject
    operation_id: NotRequired[Id]


class OperationError(TypedDict):
    code: str
    message: str
    retryable: bool


class OperationBody(TypedDict):
    id: Id
    type: str
    project_id: Id
    status: str
    error: OperationError | None
    attempts: int
    created_at: Stamp | None
    started_at: Stamp | None
    finished_at: Stamp | None
    deadline_at: Stamp | None


def stamp(at: datetime | None) -> str | None:
    return stamps.stamp(at) if at else None


def project_body(project: Project) -> PartnerProject:
    return {
        "id": str(project.id),
        "access_host": project.access_host,
        "api_key": project_keys.current(project),
        "status": project.status,
        **extras(project),
    }


def full_project_body(project: Project) -> WhiteLabelProject:
    return {
        **project_body(project),
        "region": project.region_id,
        "instance_type": project.instance_type_id,
        "last_activity_at": stamp(project.last_activity_at),
    }


def extras(project: Project) -> Extras:
    more: Extras = {}
    if project.operation_status:
        more["operation_status"] = project.operation_status
    if project.environment == "test":
        more["simulated"] = True
    return more


def operation_body(operation: Operation) -> OperationBody:
    error: OperationError = {
        "code": operation.error_code,
        "message": operation.error_message,
        "retryable": operation.is_retryable,
    }
    return {
        "id": str(operation.id),
        "type": operation.type,
        "project_id": str(operation.project_id),
        "status": operation.status,
        "error": error if operation.error_code else None,
        "attempts": operation.attempts,
        "created_at": stamp(operation.created_at),
        "started_at": stamp(operation.started_at),
        "finished_at": stamp(operation.finished_at),
        "deadline_at": stamp(operation.deadline_at),
    }


def seconds_to_wait(wait_for_completion: bool | None) -> float:
    return LONG_SECONDS if wait_for_completion else SHORT_SECONDS


def settled(operation: Operation | None, *, seconds: float) -> Operation | None:
    """`operation` after waiting for it. Raises if it failed: the call did not do what it was for.

    Raises ProvisionerUnavailable (503), InvalidState (409: somebody canceled it).
    """
    if operation is None:
        return None
    operation = wait_for(operation, seconds=seconds)
    if operation.status == OperationStatus.FAILED:
        raise ProvisionerUnavailable(detail=operation.error_code, operation_id=str(operation.id))
    if operation.status == OperationStatus.CANCELED:
        raise InvalidState(gettext_noop("The operation was canceled."))
    return operation


def operation_answer(
    body: Mapping[str, object], operation: Operation | None, partner_id: str, *, waited: bool
) -> JsonResponse:
    """`body`, naming the operation that it tells of; 202 if the caller waited and it still runs."""
    if operation is None:
        return answer(body)
    is_late = operation.is_open and waited
    response = answer({**body, "operation_id": str(operation.id)}, 202 if is_late else 200)
    response["Location"] = f"/partnership/v1/{partner_id}/operations/{operation.id}"
    response["Retry-After"] = "5" if operation.is_open else "0"
    return response


def synced_answer(project: Project, operation: Operation | None, partner_id: str) -> JsonResponse:
    """The sync calls wait the long time; a project that is still being made is no error."""
    operation = settled(operation, seconds=LONG_SECONDS)
    project.refresh_from_db()
    body = SyncedProject(success=True, project=project_body(project))
    return operation_answer(body, operation, partner_id, waited=False)
