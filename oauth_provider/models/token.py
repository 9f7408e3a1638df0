from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from oauth_provider.models.application import Application
from oauth_provider.models.resource_server import ResourceServer


class TokenFamily(models.Model):
    """All refresh tokens that descend from one authorization.

    Written by `token_rows.py` (begin, move), `token_ends.py`, `clients.py` and `consent.py` (end) and `letters.py`
    (who was told).

    No refresh token is stored: each is a keyed hash over the family's id, a counter and the
    row's salt (docs/decisions/0004), so `counter` alone says which one is current.
    """

    class EndReason(models.TextChoices):
        REVOKED = "revoked", _("revoked")
        REPLAY = "replay", _("its code was used twice")
        REUSE = "reuse", _("a superseded refresh token was used")
        LEAK = "leak", _("another client presented its refresh token")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    application = models.ForeignKey(Application, models.CASCADE, db_index=False, related_name="families")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="token_families")
    scope = models.TextField()
    resource_server = models.ForeignKey(
        ResourceServer, models.CASCADE, null=True, db_index=False, related_name="+"
    )  # null: ours
    dpop_jkt = models.CharField(max_length=43, blank=True, default="")  # thumbprint of the key it is bound to
    credentials_epoch = models.PositiveIntegerField()
    authenticated_at = models.DateTimeField()
    counter = models.PositiveIntegerField(default=0)
    salt = models.BinaryField(max_length=16)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # the absolute end; rotation does not move it
    last_used_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=7, choices=EndReason, blank=True, default="")
    person_told_at = models.DateTimeField(null=True)  # written by `letters.py`

    class Meta:
        verbose_name = _("token family")
        verbose_name_plural = _("token families")
        indexes = [
            models.Index(fields=["application", "user"], name="family_by_application"),
            models.Index(fields=["expires_at"], name="family_by_expiry"),
            models.Index(
                fields=["end_reason"],
                condition=models.Q(end_reason="reuse", person_told_at=None),
                name="family_person_to_tell",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end_reason="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(end_reason="")),
                name="family_end_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"family {self.id}"


class AccessToken(models.Model):
    """One access token. Written by `token_rows.py` (issue), `token_ends.py` and `clients.py` (end).

    A person's token belongs to a family and dies with it; a machine's has none. The person,
    their epoch and the end are read from the family, so that ending it is one update.
    """

    digest = models.BinaryField(primary_key=True, max_length=32)  # SHA-256 of the JWT
    application = models.ForeignKey(Application, models.CASCADE, related_name="access_tokens")
    family = models.ForeignKey(TokenFamily, models.CASCADE, null=True, related_name="access_tokens")
    scope = models.TextField()
    resource_server = models.ForeignKey(
        ResourceServer, models.CASCADE, null=True, db_index=False, related_name="+"
    )  # null: ours
    dpop_jkt = models.CharField(max_length=43, blank=True, default="")  # thumbprint of the key it is bound to
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("access token")
        indexes = [models.Index(fields=["expires_at"], name="access_token_by_expiry")]

    def __str__(self) -> str:
        return f"access token of {self.application_id} until {self.expires_at:%H:%M:%S}"
