from __future__ import annotations

from django.conf import settings
from django.db import models

from oauth_provider.models.application import Application
from oauth_provider.opaque import new_handle


class OpenIdGrant(models.Model):
    """What an authorization with `openid` says in each of its ID tokens. Written by `id_tokens.py`.

    A row of its own, so that codes and families of the others stay as narrow as they are.
    """

    family_id = models.UUIDField(primary_key=True)  # of the code, and of the family it becomes
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, related_name="+")
    nonce = models.TextField(blank=True, default="")
    sid = models.CharField(max_length=22)
    methods = models.CharField(max_length=40, blank=True, default="")  # `amr`, space-separated
    authenticated_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # of the family at the latest

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="openid_grant_by_expiry")]

    def __str__(self) -> str:
        return f"openid for family {self.family_id}"


class ClientSession(models.Model):
    """A browser session in which a person signed in to a client by OpenID Connect.

    Once it has ended, the same row is the job of telling the client so. Written by
    `client_sessions.py`, the columns from `due_at` on by `back_channel.py`.
    """

    sid = models.CharField(max_length=22, unique=True, default=new_handle)
    application = models.ForeignKey(Application, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40)
    credentials_epoch = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)  # of the next attempt, null: none
    attempts = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=20, blank=True, default="")  # of the last attempt

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="client_session_to_tell"),
            models.Index(fields=["ended_at"], name="client_session_by_end"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["session_key", "application"],
                condition=models.Q(ended_at=None),
                name="client_session_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at=None) | models.Q(ended_at__isnull=False),
                name="client_session_told_after_end",
            ),
        ]

    def __str__(self) -> str:
        return self.sid
