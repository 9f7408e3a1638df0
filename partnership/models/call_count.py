from __future__ import annotations

from django.db import models
from django.db.models import Q

from partnership.models.partner import Environment, Partner


class CallCount(models.Model):
    """How many calls of a partner's on a UTC day were answered alike. Written by `call_counts.py` alone.

    `up_to_milliseconds` is the upper bound of the bucket that the calls' duration fell into.
    """

    id = models.BigAutoField(primary_key=True)
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="call_counts", db_index=False)
    environment = models.CharField(max_length=4, choices=Environment)
    day = models.DateField()
    status_class = models.PositiveSmallIntegerField()  # 2, 4 or 5: the hundreds of the status
    up_to_milliseconds = models.PositiveIntegerField()
    calls = models.PositiveBigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["day"], name="call_count_by_age")]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "environment", "day", "status_class", "up_to_milliseconds"], name="call_count_once"
            ),
            models.CheckConstraint(condition=Q(environment__in=["live", "test"]), name="call_count_environment_known"),
            models.CheckConstraint(condition=Q(status_class__in=[2, 4, 5]), name="call_count_class_known"),
            models.CheckConstraint(condition=Q(calls__gt=0), name="call_count_of_some"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.day} {self.status_class}xx"
