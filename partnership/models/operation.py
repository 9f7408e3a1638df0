from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partnership.models.project import Project

OPEN = Q(status__in=["pending", "running"])


class Operation(models.Model):
    """One change under way on one project; the row is the job. Written by `operation_rows.py`; the wish
    to cancel it, by `operations.py`.

    `fence` grows with every claim: what a worker reports counts only while the number that it
    was given is still the row's, so a slow one can't overwrite what its successor did.
    """

    class Type(models.TextChoices):
        CREATE = "create", _("create")
        PAUSE = "pause", _("pause")
        RESTORE = "restore", _("restore")
        UPGRADE = "upgrade", _("upgrade")
        RESTART = "restart", _("restart")
        DELETE = "delete", _("delete")
        PURGE = "purge", _("purge")
        RECOVER = "recover", _("recover")

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELED = "canceled", _("canceled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="operations")
    type = models.CharField(_("type"), max_length=7, choices=Type)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.PENDING)
    parameters = models.JSONField(default=dict)
    # Who asked, for the events that follow: {"kind", "id", "name", "request_id"}.
    actor = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    # What the driver must know at its next poll; empty between attempts.
    driver_state = models.JSONField(default=dict)
    error_code = models.CharField(max_length=64, blank=True, default="")
    error_message = models.CharField(max_length=500, blank=True, default="")
    is_retryable = models.BooleanField(default=False)
    cancel_requested_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        indexes = [
            models.Index(fields=["due_at"], condition=OPEN, name="operation_due"),
            models.Index(fields=["project", "-created_at"], name="operation_by_project"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=OPEN, name="operation_one_open"),
            models.CheckConstraint(
                condition=(OPEN & Q(finished_at__isnull=True))
                | Q(status__in=["succeeded", "failed", "canceled"], finished_at__isnull=False),
                name="operation_open_xor_finished",
            ),
            models.CheckConstraint(
                condition=Q(
                    type__in=["create", "pause", "restore", "upgrade", "restart", "delete", "purge", "recover"]
                ),
                name="operation_type_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(error_code=""), name="operation_failure_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.project}"

    @property
    def is_open(self) -> bool:
        return self.finished_at is None
