from __future__ import annotations

from django.db import models

from partnership.models.partner import Environment, Partner


class IdempotencyKey(models.Model):
    """A request that a partner named, and its answer. Written by `idempotency.py` alone."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+")
    environment = models.CharField(max_length=4, choices=Environment)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)  # of method, path and body
    fence = models.PositiveIntegerField(default=1)  # grows when a crashed request's key is taken over
    lease_until = models.DateTimeField()  # while it runs; a crash frees the key then
    answered_at = models.DateTimeField(null=True)
    response_status = models.PositiveSmallIntegerField(null=True)
    encrypted_response = models.TextField(blank=True, default="")  # answers carry API keys
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="idempotency_by_expiry")]
        constraints = [
            models.UniqueConstraint(fields=["partner", "environment", "key"], name="idempotency_key_once"),
            models.CheckConstraint(
                condition=models.Q(answered_at__isnull=True, response_status__isnull=True)
                | models.Q(answered_at__isnull=False, response_status__isnull=False),
                name="idempotency_answered_has_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.key}"
