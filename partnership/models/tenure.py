from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from partnership.models.project import Project


class Tenure(models.Model):
    """From when until when a project belonged to an organization: usage is the owner's of that day.

    Written by `tenures.py` alone, in the transaction that writes `Project.organization`. A project
    always has one that is open, also after its deletion; those of white-label partners have none.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="tenures")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="tenures")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("tenure")
        verbose_name_plural = _("tenures")
        indexes = [models.Index(fields=["organization", "from_at"], name="tenure_by_organization")]
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=Q(until_at__isnull=True), name="tenure_one_open"),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")), name="tenure_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} in {self.organization_id}"
