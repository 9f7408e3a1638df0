from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SelfCheck(models.Model):
    """One nightly look at whether the figures are what their events add up to. Written by `self_check.py` alone."""

    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    is_running = models.BooleanField(default=True)
    days = models.PositiveIntegerField(_("days"), default=0)
    differences = models.PositiveIntegerField(_("cells that differ"), default=0)
    broken_statements = models.PositiveIntegerField(_("broken statements"), default=0)
    found = models.JSONField(_("found"), default=list)  # a line for each of the first 100

    class Meta:
        verbose_name = _("self-check")
        verbose_name_plural = _("self-checks")
        get_latest_by = "started_at"
        constraints = [
            models.UniqueConstraint(fields=["is_running"], condition=Q(is_running=True), name="self_check_one_running"),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"
