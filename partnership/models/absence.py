from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partnership.models.project import Project


class Absence(models.Model):
    """From when until when a project was deleted that staff brought back: its usage has a gap there, for good.

    Written by `operation_rows.py` alone, in the transaction that empties `Project.deleted_at` and
    writes `Project.recovered_at`: who reads projects looks here only where that one is set.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="absences")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        constraints = [
            models.CheckConstraint(condition=Q(until_at__gte=F("from_at")), name="absence_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} from {self.from_at}"
