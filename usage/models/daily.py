"""The rollups: what events add up to. Written and read by `usage/sql_store` alone, in plain SQL."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from usage.metrics import MAX_DAY_AMOUNT, PEAKS, SUMS


def in_range(name: str) -> Q:
    return Q(**{f"{name}__gte": 0, f"{name}__lte": MAX_DAY_AMOUNT})


class Daily(models.Model):
    """A project's UTC day: one wide row (metering.md: five times smaller than a row per metric).

    A peak is null while the day has no sample. Rows of closed months refuse every change: a trigger.
    """

    pk = models.CompositePrimaryKey("project_id", "day")
    project_id = models.UUIDField()
    day = models.DateField()
    database_size_bytes = models.BigIntegerField(null=True)
    file_storage_bytes = models.BigIntegerField(null=True)
    ai_tokens = models.BigIntegerField(default=0, db_default=0)
    mcp_calls = models.BigIntegerField(default=0, db_default=0)
    egress_bytes = models.BigIntegerField(default=0, db_default=0)
    ai_credits = models.BigIntegerField(default=0, db_default=0)
    email_requests = models.BigIntegerField(default=0, db_default=0)
    function_calls = models.BigIntegerField(default=0, db_default=0)
    ec2_compute = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=in_range(name), name=f"daily_{name}_in_range") for name in PEAKS + SUMS
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.day}"


class PartnerDay(models.Model):
    """A finished day of a partner, summed up over its projects: a year of ten thousand is read
    in the time of one. PostgreSQL alone: SQLite sums up as it reads.

    `is_ready` false: being summed up; an ingest for that day removes the row either way.
    """

    pk = models.CompositePrimaryKey("partner_id", "environment", "day")
    partner_id = models.CharField(max_length=64)
    environment = models.CharField(max_length=4)
    day = models.DateField()
    is_ready = models.BooleanField(default=False)
    is_estimated = models.BooleanField(default=False)  # a peak of some project was carried on
    # Wider than a project's: ten thousand of them.
    database_size_bytes = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    file_storage_bytes = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    ai_tokens = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    mcp_calls = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    egress_bytes = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    ai_credits = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    email_requests = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    function_calls = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    ec2_compute = models.DecimalField(max_digits=30, decimal_places=0, default=0)

    def __str__(self) -> str:
        return f"{self.partner_id} {self.day}"
