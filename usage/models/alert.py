"""Thresholds on usage, and when they were reached. Written by `alerts.py` and `firings.py` alone."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partnership.models import Environment, Partner, Project
from usage.metrics import METRICS, NAMES

TITLES = [(metric.name, metric.title) for metric in METRICS.values()]


class Alert(models.Model):
    """A threshold on one metric of a project, or of all of a partner's projects together.

    Its row is the lock under which ingest looks whether it is reached (`crossings.py`).
    """

    class Period(models.TextChoices):
        MONTH = "month", _("calendar month")
        DAY = "day", _("day")

    class MadeBy(models.TextChoices):
        PARTNER = "partner", _("partner")
        STAFF = "staff", _("staff")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="alerts", verbose_name=_("partner"))
    environment = models.CharField(_("environment"), max_length=4, choices=Environment, default=Environment.LIVE)
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("project")
    )  # null: the total of the partnership
    metric = models.CharField(_("metric"), max_length=30, choices=TITLES)
    threshold = models.BigIntegerField(_("threshold"))  # in the metric's smallest unit
    period = models.CharField(_("period"), max_length=5, choices=Period, default=Period.MONTH)  # of UTC
    is_enabled = models.BooleanField(_("enabled"), default=True)
    made_by = models.CharField(_("made by"), max_length=7, choices=MadeBy)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("staff")
    )  # who of them made it, and is told
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("usage alert")
        verbose_name_plural = _("usage alerts")
        indexes = [models.Index(fields=["partner", "environment"], name="alert_by_partner")]
        constraints = [
            models.CheckConstraint(condition=Q(threshold__gte=1), name="alert_threshold_positive"),
            models.CheckConstraint(condition=Q(metric__in=NAMES), name="alert_metric_known"),
            models.CheckConstraint(condition=Q(period__in=["month", "day"]), name="alert_period_known"),
            models.CheckConstraint(condition=Q(environment__in=Environment.values), name="alert_environment_known"),
            models.CheckConstraint(
                condition=Q(made_by="partner", staff__isnull=True) | Q(made_by="staff"), name="alert_maker_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} ({self.project or self.partner})"


class Firing(models.Model):
    """An alert was reached in a period, once, by one event. Never changed."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="firings")
    period_first = models.DateField(_("period"))  # its first day
    source = models.CharField(_("source"), max_length=255)
    event_id = models.CharField(_("event"), max_length=255)
    project_id = models.UUIDField(_("project"))  # the event's
    # `before` and `after` the event, in smallest units: a partnership's can pass 64 bits, JSON's numbers are exact.
    amounts = models.JSONField()
    fired_at = models.DateTimeField(_("reached"))

    class Meta:
        verbose_name = _("reached threshold")
        verbose_name_plural = _("reached thresholds")
        constraints = [
            models.UniqueConstraint(fields=["alert", "period_first"], name="alert_fires_once_a_period"),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.period_first}"
