"""Projects of people who know the platform, linked by e-mail address (partnership.md, "Co-branded")."""

from accounts.models import User
from django.http import HttpRequest, JsonResponse

from accounts.plans import plan_of
from partnership import connections, creation, project_keys
from partnership.authentication import Caller, Door
from partnership.creation import Owner, Wanted
from partnership.errors import ProjectLimitReached, ProjectNotFound
from partnership.models import Project
from partnership.views.door import PartnerView, answer, read_body
from partnership.views.fields import ConnectBody, SyncBody
from partnership.views.shapes import project_body
from partnership.views.white_label import as_uuid, synced_answer

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
        wanted = Wanted(
            body["project_name"], body.get("region"), body.get("instance_type"), body.get("external_id")
        )
        owner = owner_of(self.caller, user)
        try:
            project, operation = creation.sync(owner, wanted, actor=self.caller.actor, now=self.now)
        except ProjectLimitReached as refusal:
            return limit_answer(refusal, owner)
        return synced_answer(project, operation, self.caller)


class Metadata(PartnerView):
    doors = {"GET": READ}

    def get(self, request: HttpRequest, user_id: str, project_id: str) -> JsonResponse:
        user = connections.get_linked(self.caller.partner, as_uuid(user_id))
        project = made_by(self.caller, user).filter(pk=as_uuid(project_id)).first()
        if project is None:
            raise ProjectNotFound
        return answer({"project": project_body(project)})
