"""A closed month of a partner, for good. Written by `statements.py` alone, once.

Amounts are JSON and not columns: a month of a partnership can pass 64 bits, and JSON's whole
numbers are exact on both databases.
"""

from __future__ import annotations

from typing import NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from partnership.models import Environment, Partner


class Statement(models.Model):
    """A trigger refuses UPDATE, on PostgreSQL DELETE too (migration): figures once closed never change."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="statements")
    partner_name = models.CharField(max_length=100)  # as it was then
    environment = models.CharField(max_length=4, choices=Environment)
    month = models.DateField(_("month"))  # its first day
    closed_at = models.DateTimeField(_("closed on"))
    amounts = models.JSONField()  # the nine, by metric name, in smallest units
    digest = models.CharField(_("digest"), max_length=64)  # SHA-256 of what the API gives, in hex

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["-month"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "environment", "month"], name="statement_once_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.month:%Y-%m}"

    def delete(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError("statements are for good")


class StatementLine(models.Model):
    """A project's closed month."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="lines")
    project_id = models.UUIDField()
    name = models.CharField(max_length=100)
    amounts = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement", "project_id"], name="statement_line_once_a_project"),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.project_id}"

    def delete(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError("statements are for good")
