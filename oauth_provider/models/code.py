from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from oauth_provider.models.application import Application
from oauth_provider.models.resource_server import ResourceServer


class Code(models.Model):
    """An authorization code: bound to all it was granted for, redeemed at most once.

    Written by `codes.py` (issue, end), `token_rows.py` (redeem), `token_ends.py` (wrong verifiers) and
    `clients.py` (end). The family that it becomes has its id from the start, so that a second use
    can end what the first one gave.
    """

    digest = models.BinaryField(primary_key=True, max_length=32)  # SHA-256 of the code
    application = models.ForeignKey(Application, models.CASCADE, db_index=False, related_name="codes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    family_id = models.UUIDField(default=uuid.uuid4, unique=True)
    redirect_uri = models.TextField()  # as requested, to the letter
    scope = models.TextField()
    resource_server = models.ForeignKey(
        ResourceServer, models.CASCADE, null=True, db_index=False, related_name="+"
    )  # null: ours
    code_challenge = models.CharField(max_length=43)
    dpop_jkt = models.CharField(max_length=43, blank=True, default="")  # thumbprint of the key it is bound to
    credentials_epoch = models.PositiveIntegerField()
    authenticated_at = models.DateTimeField()  # when the person last proved who they are
    failed_attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # taken back before its use

    class Meta:
        indexes = [
            models.Index(fields=["application", "user"], name="code_by_application"),
            models.Index(fields=["expires_at"], name="code_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"code of {self.application_id} until {self.expires_at:%H:%M:%S}"
