from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partnership.models import Project


class Collection(models.Model):
    """What the collectors fetch of one project, and how far they are. Written by `collection_rows.py` alone.

    It saves work, and guards nothing: that each interval counts once is the ids' doing.
    """

    class Kind(models.TextChoices):
        SIZES = "sizes", _("sizes")
        COUNTERS = "counters", _("counters of its backend")
        COMPUTE = "compute", _("compute")

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    collected_before = models.DateTimeField()  # the first interval that is missing begins here
    collected_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)  # null: its project is gone, and nothing is missing
    failures = models.PositiveIntegerField(default=0)  # in a row
    failure = models.CharField(max_length=64, blank=True, default="")  # the code of the last one

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "kind"], name="collection_one_of_a_kind"),
            models.CheckConstraint(
                condition=Q(kind__in=["sizes", "counters", "compute"]), name="collection_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(failures=0, failure="") | (Q(failures__gt=0) & ~Q(failure="")),
                name="collection_failure_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "due_at"], condition=Q(due_at__isnull=False), name="collection_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.project_id}"
