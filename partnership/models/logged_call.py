from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from partnership.models.partner import Environment, Partner


class LoggedCall(models.Model):
    """One call of a partner's, as it was answered. Written by `request_log.py` alone.

    No query, no body, no header: neither secrets nor what people send stand here.
    """

    id = models.BigAutoField(primary_key=True)
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="logged_calls", db_index=False)
    environment = models.CharField(_("environment"), max_length=4, choices=Environment)
    method = models.CharField(_("method"), max_length=10)
    path = models.CharField(_("path"), max_length=500)
    status = models.PositiveSmallIntegerField(_("status"))
    error_code = models.CharField(_("error"), max_length=64, blank=True, default="")
    request_id = models.CharField(_("request id"), max_length=128)
    milliseconds = models.PositiveIntegerField(_("milliseconds"))
    answered_at = models.DateTimeField(_("answered at"))

    class Meta:
        verbose_name = _("API call")
        verbose_name_plural = _("API calls")
        indexes = [
            models.Index(fields=["partner", "environment", "-answered_at", "-id"], name="logged_call_by_partner"),
            models.Index(fields=["request_id"], name="logged_call_by_request"),
            models.Index(fields=["answered_at"], name="logged_call_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"
