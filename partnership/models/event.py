from __future__ import annotations

import uuid
from typing import NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from partnership.models.partner import Environment, Partner
from partnership.models.project import Project

ACTOR_KINDS = ["partner", "user", "staff", "system"]


class Event(models.Model):
    """A fact that happened, once, for good: audit log and outbox. Written by `events.py` alone.

    A database trigger refuses every UPDATE (migration 0002).
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    type = models.CharField(_("type"), max_length=40)
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="events")
    environment = models.CharField(max_length=4, choices=Environment)
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="events")
    actor_kind = models.CharField(max_length=7)
    actor_id = models.CharField(max_length=64, blank=True, default="")
    actor_name = models.CharField(max_length=254, blank=True, default="")
    request_id = models.CharField(max_length=128, blank=True, default="")
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["partner", "environment", "-occurred_at", "-id"], name="event_by_partner"),
            models.Index(fields=["project", "-id"], name="event_by_project"),
            models.Index(fields=["request_id"], name="event_by_request"),
            models.Index(fields=["actor_id"], name="event_by_actor"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(actor_kind__in=ACTOR_KINDS),
                name="event_actor_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.uuid}"

    def delete(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError("events are append-only")
