"""Who owned a project when: the caller holds its lock, or has just made it."""

from datetime import datetime

from partnership.models import Project, Tenure


def begin(project: Project, since: datetime) -> None:
    """`project` belongs to its organization from `since` on, and to no other any more."""
    if project.organization is None:
        return
    Tenure.objects.filter(project=project, until_at__isnull=True).update(until_at=since)
    Tenure.objects.create(project=project, organization=project.organization, from_at=since)
