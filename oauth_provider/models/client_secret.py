from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from oauth_provider.models.application import Application


class ClientSecret(models.Model):
    """One secret of a confidential client. Written by `client_secrets.py` alone.

    The two slots are the contract's "one or two live secrets": the database refuses a third.
    """

    application = models.ForeignKey(Application, models.CASCADE, related_name="secrets")
    slot = models.PositiveSmallIntegerField()
    digest = models.BinaryField(max_length=32, unique=True)  # SHA-256 of 256 random bits
    last_four = models.CharField(max_length=4)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)  # written at most once a minute
    expires_at = models.DateTimeField(null=True)  # the end of its overlap; null: no end

    class Meta:
        verbose_name = _("client secret")
        constraints = [
            models.UniqueConstraint(fields=["application", "slot"], name="client_secret_slot_once"),
            models.CheckConstraint(condition=models.Q(slot__in=[1, 2]), name="client_secret_two_slots"),
        ]

    def __str__(self) -> str:
        return f"…{self.last_four}"
