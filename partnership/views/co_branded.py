"""Projects of people who know the platform, linked by e-mail address (partnership.md, "Co-branded")."""

from typing import TypedDict

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse

from accounts.models import User
from accounts.plans import plan_of
from oauth_provider.views.call import Call, Id
from oauth_provider.views.door import as_uuid
from partnership import connections, creation
from partnership.authentication import Caller, Door
from partnership.creation import Owner, Wanted
from partnership.errors import (
    InvalidState,
    OperationInProgress,
    ProjectLimitReached,
    ProjectNotFound,
    ProvisionerUnavailable,
    UserNotFound,
)
from partnership.idempotency import Unstored
from partnership.models import Project
from partnership.views.door import PartnerView, answer
from partnership.views.fields import ConnectBody, SyncBody
from partnership.views.shapes import PartnerProject, SyncedProject, project_body, synced_answer

MODE = Project.Mode.CO_BRANDED
READ = Door("projects:read", MODE, changes=False)
WRITE = Door("projects:write", MODE)


class Account(TypedDict):
    id: Id


class Connected(TypedDict):
    account: Account


class LimitReached(TypedDict):
    success: bool
    code: str
    message: str
    candidate_projects: list[PartnerProject]


class OnePartnerProject(TypedDict):
    project: PartnerProject


class ConnectUser(PartnerView):
    """The answer is the same for known and new people: no account can be found out by it."""

    doors = {"POST": WRITE}
    calls = {"POST": Call("Make an account, or link the one of that address", {200: Connected}, body=ConnectBody)}

    def post(self, request: HttpRequest) -> JsonResponse:
        body = self.read_body()
        caller = self.caller
        user = connections.connect(
            caller.partner,
            name=body["name"],
            email=body["email"],
            environment=caller.environment,
            actor=caller.actor,
            now=self.now,
        )
        return answer(Connected(account=Account(id=str(user.pk))))


class SyncProject(PartnerView):
    doors = {"POST": WRITE}
    calls = {
        "POST": Call(
            "Make a project of a linked user, or find the one of that name",
            {200: SyncedProject | LimitReached},
            body=SyncBody,
            refusals=(UserNotFound, OperationInProgress, InvalidState, ProvisionerUnavailable),
            begins=True,
        )
    }

    def post(self, request: HttpRequest, user_id: str) -> JsonResponse:
        body = self.read_body()
        user = connections.get_linked(self.caller.partner, as_uuid(user_id))
        wanted = Wanted(body["project_name"], body.get("region"), body.get("instance_type"), body.get("external_id"))
        try:
            owner = owner_of(self.caller, user)
            project, operation = creation.sync(owner, wanted, actor=self.caller.actor, now=self.now)
        except ProjectLimitReached:
            return limit_answer(self.caller, user)
        return synced_answer(project, operation, self.caller.partner.pk)


class Metadata(PartnerView):
    doors = {"GET": READ}
    calls = {
        "GET": Call("A user's project with its key", {200: OnePartnerProject}, refusals=(UserNotFound, ProjectNotFound))
    }

    def get(self, request: HttpRequest, user_id: str, project_id: str) -> JsonResponse:
        user = connections.get_linked(self.caller.partner, as_uuid(user_id))
        project = made_by(self.caller, user).filter(pk=as_uuid(project_id)).first()
        if project is None:
            raise ProjectNotFound
        return answer(OnePartnerProject(project=project_body(project)))


def owner_of(caller: Caller, user: User) -> Owner:
    return Owner(MODE, caller.environment, caller.partner, user, connections.home_of(user))


def made_by(caller: Caller, user: User) -> QuerySet[Project]:
    """What this partner made for `user`, and nothing that the person made without it."""
    return Project.objects.there().filter(mode=MODE, partner=caller.partner, user=user, environment=caller.environment)


def limit_answer(caller: Caller, user: User) -> JsonResponse:
    # A refusal with status 200: deployed partners read this body on a 2xx only
    # (partnership.md, "Co-branded"). The one exception to our rule; do not copy it.
    plan = plan_of(connections.home_of(user))
    limit = f"{plan.name} plan allows up to {plan.active_projects} active projects."
    body: LimitReached = {
        "success": False,
        "code": "project_limit_reached",
        "message": f"{limit} Please upgrade your plan to create more projects.",
        "candidate_projects": [project_body(each) for each in made_by(caller, user).order_by("-created_at")],
    }
    return Unstored(body)
