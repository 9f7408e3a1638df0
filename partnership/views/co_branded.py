"""Projects of people who know the platform, linked by e-mail address (partnership.md, "Co-branded")."""

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse

from accounts.models import User
from accounts.plans import plan_of
from oauth_provider.views.door import as_uuid
from partnership import connections, creation
from partnership.authentication import Caller, Door
from partnership.creation import Owner, Wanted
from partnership.errors import ProjectLimitReached, ProjectNotFound
from partnership.idempotency import Unstored
from partnership.models import Project
from partnership.views.door import PartnerView, answer, read_body
from partnership.views.fields import ConnectBody, SyncBody
from partnership.views.shapes import project_body, synced_answer

MODE = Project.Mode.CO_BRANDED
READ = Door("projects:read", MODE, changes=False)
WRITE = Door("projects:write", MODE)


class ConnectUser(PartnerView):
    """The answer is the same for known and new people: no account can be found out by it."""

    doors = {"POST": WRITE}

    def post(self, request: HttpRequest) -> JsonResponse:
        body = read_body(request, ConnectBody)
        caller = self.caller
        user = connections.connect(
            caller.partner,
            name=body["name"],
            email=body["email"],
            environment=caller.environment,
            actor=caller.actor,
            now=self.now,
        )
        return answer({"account": {"id": str(user.pk)}})


class SyncProject(PartnerView):
    doors = {"POST": WRITE}

    def post(self, request: HttpRequest, user_id: str) -> JsonResponse:
        body = read_body(request, SyncBody)
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

    def get(self, request: HttpRequest, user_id: str, project_id: str) -> JsonResponse:
        user = connections.get_linked(self.caller.partner, as_uuid(user_id))
        project = made_by(self.caller, user).filter(pk=as_uuid(project_id)).first()
        if project is None:
            raise ProjectNotFound
        return answer({"project": project_body(project)})


def owner_of(caller: Caller, user: User) -> Owner:
    return Owner(MODE, caller.environment, caller.partner, user, connections.home_of(user))


def made_by(caller: Caller, user: User) -> QuerySet[Project]:
    """What this partner made for `user`, and nothing that the person made without it."""
    mine = Project.objects.filter(
        mode=MODE, partner=caller.partner, user=user, environment=caller.environment, deleted_at__isnull=True
    )
    return mine.exclude(operation_status="deleting")


def limit_answer(caller: Caller, user: User) -> JsonResponse:
    # A refusal with status 200: deployed partners read this body on a 2xx only
    # (partnership.md, "Co-branded"). The one exception to our rule; do not copy it.
    plan = plan_of(connections.home_of(user))
    limit = f"{plan.name} plan allows up to {plan.active_projects} active projects."
    body: dict[str, object] = {
        "success": False,
        "code": "project_limit_reached",
        "message": f"{limit} Please upgrade your plan to create more projects.",
        "candidate_projects": [project_body(each) for each in made_by(caller, user).order_by("-created_at")],
    }
    return Unstored(body)
