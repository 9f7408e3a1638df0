"""Operations of the partner's projects (partnership.md, "Beyond the published contract")."""

from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse

from oauth_provider.views.call import Call
from oauth_provider.views.door import as_uuid
from partnership import lifecycle, operations
from partnership.authentication import Door, Party
from partnership.errors import InvalidState, OperationInProgress, OperationNotFound, ProjectNotFound
from partnership.models import Operation, Project
from partnership.transitions import BEHIND_THE_SCENES
from partnership.views.door import PartnerView, answer
from partnership.views.shapes import OperationBody, operation_body

WRITE = Door("projects:write")


def of_party(party: Party) -> QuerySet[Operation]:
    """Also of a project that is gone by now: how else would one learn that deleting ended?"""
    linked = party.partner.connections.filter(cut_at__isnull=True).values("user")
    found = Operation.objects.filter(project__partner=party.partner, project__environment=party.environment)
    return found.filter(Q(project__mode=Project.Mode.WHITE_LABEL) | Q(project__user__in=linked))


def visible(party: Party) -> QuerySet[Operation]:
    """Those that are the partner's own affair."""
    return of_party(party).exclude(type__in=BEHIND_THE_SCENES)


def get_operation(party: Party, operation_id: str, *, to_change: bool = False) -> Operation:
    found = visible(party) if to_change else of_party(party)
    operation = found.filter(pk=as_uuid(operation_id)).select_related("project__provisioner").first()
    if operation is None:
        raise OperationNotFound
    return operation


class OperationDetail(PartnerView):
    doors = {"GET": Door("projects:read", changes=False)}
    calls = {"GET": Call("How an operation goes or went", {200: OperationBody}, refusals=(OperationNotFound,))}

    def get(self, request: HttpRequest, operation_id: str) -> JsonResponse:
        return answer(operation_body(get_operation(self.caller, operation_id)))


class OperationCancel(PartnerView):
    doors = {"POST": WRITE}
    calls = {
        "POST": Call("Cancel what has not begun", {200: OperationBody}, refusals=(OperationNotFound, InvalidState))
    }

    def post(self, request: HttpRequest, operation_id: str) -> JsonResponse:
        operation = get_operation(self.caller, operation_id, to_change=True)
        return answer(operation_body(operations.cancel(operation, actor=self.caller.actor, now=self.now)))


class OperationRetry(PartnerView):
    """A new operation, named by Location: the failed one stays as it ended."""

    doors = {"POST": WRITE}
    calls = {
        "POST": Call(
            "Try again what failed or was canceled",
            {202: OperationBody},
            refusals=(OperationNotFound, ProjectNotFound, OperationInProgress, InvalidState),
            begins=True,
        )
    }

    def post(self, request: HttpRequest, operation_id: str) -> JsonResponse:
        operation = get_operation(self.caller, operation_id, to_change=True)
        again = lifecycle.retry(operation, actor=self.caller.actor, now=self.now)
        response = answer(operation_body(again), 202)
        response["Location"] = f"/partnership/v1/{self.caller.partner.pk}/operations/{again.id}"
        response["Retry-After"] = "5"
        return response
