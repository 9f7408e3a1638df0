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


class OperationView(PartnerView):
    def get_operation(self, operation_id: str, *, to_change: bool = False) -> Operation:
        """Also of a project that is gone by now: how else would one learn that deleting ended?

        To be changed, only those that are the partner's own affair.
        """
        caller = self.caller
        found = Operation.objects.filter(
            pk=as_uuid(operation_id), project__partner=caller.partner, project__environment=caller.environment
        ).select_related("project__provisioner")
        if to_change:
            found = found.exclude(type__in=BEHIND_THE_SCENES)
        operation = found.first()
        if operation is None or not is_open_to(self, operation.project):
            raise OperationNotFound
        return operation


def visible(party: Party) -> QuerySet[Operation]:
    """Also of a project that is gone by now: how else would one learn that deleting ended?"""
    linked = party.partner.connections.filter(cut_at__isnull=True).values("user")
    of_party = Operation.objects.filter(project__partner=party.partner, project__environment=party.environment)
    return of_party.filter(Q(project__mode=Project.Mode.WHITE_LABEL) | Q(project__user__in=linked))


def get_operation(party: Party, operation_id: str) -> Operation:
    operation = visible(party).filter(pk=as_uuid(operation_id)).select_related("project__provisioner").first()
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
        operation = self.get_operation(operation_id, to_change=True)
        operation = get_operation(self.caller, operation_id)
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
        operation = self.get_operation(operation_id, to_change=True)
        operation = get_operation(self.caller, operation_id)
        again = lifecycle.retry(operation, actor=self.caller.actor, now=self.now)
        response = answer(operation_body(again), 202)
        response["Location"] = f"/partnership/v1/{self.caller.partner.pk}/operations/{again.id}"
        response["Retry-After"] = "5"
        return response
