"""How many projects an organization's plan has room for."""

from django.db.models import Q

from accounts.models import Organization
from accounts.plans import plan_of
from partnership.errors import ProjectLimitReached
from partnership.models import Project

Status = Project.Status

# These hold a place of the plan (platform.md): paused, failed, deleting and deleted do not.
COUNTED = Q(status__in=[Status.CREATING, Status.ACTIVE]) & ~Q(operation_status="deleting") | Q(
    operation_status__in=["creating", "restoring"]
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
