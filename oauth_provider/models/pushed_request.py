from __future__ import annotations

from django.db import models

from oauth_provider.models.application import Application


class PushedRequest(models.Model):
    """An authorization request that a client sent ahead (RFC 9126). Written by `pushed_requests.py` alone."""

    digest = models.BinaryField(primary_key=True, max_length=32)  # SHA-256 of the whole request_uri
    application = models.ForeignKey(Application, models.CASCADE, db_index=False, related_name="+")
    query = models.TextField()  # as authorize would have got it
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="pushed_by_expiry")]

    def __str__(self) -> str:
        return f"pushed request of {self.application_id} until {self.expires_at:%H:%M:%S}"
