"""How many projects an organization's plan has room for."""

from django.db.models import Exists, OuterRef, Q

from accounts.models import Organization
from accounts.plans import plan_of
from partnership.errors import ProjectLimitReached
from partnership.models import Operation, Project
from partnership.models.operation import OPEN

Status = Project.Status

# On its way back from a deletion: no `operation_status` tells of it.
RECOVERING = Exists(Operation.objects.filter(OPEN, project=OuterRef("pk"), type=Operation.Type.RECOVER))
# These hold a place of the plan (platform.md): paused, failed, deleting and deleted do not.
COUNTED = (
    Q(status__in=[Status.CREATING, Status.ACTIVE]) & ~Q(operation_status="deleting")
    | Q(operation_status__in=["creating", "restoring"])
    | Q(RECOVERING, status=Status.DELETED)
)


def check(organization: Organization, environment: str) -> None:
    """Raises ProjectLimitReached unless there is room for one more. Locks the organization.

    Test projects cost nothing and are counted among themselves.
    """
    organization = Organization.objects.select_for_update().get(pk=organization.pk)
    plan = plan_of(organization)
    if (
        Project.objects.filter(COUNTED, organization=organization, environment=environment).count()
        >= plan.active_projects
    ):
        raise ProjectLimitReached(plan.name, plan.active_projects)
