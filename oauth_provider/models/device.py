from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from oauth_provider.models.application import Application
from oauth_provider.models.resource_server import ResourceServer
from oauth_provider.opaque import new_handle

APPROVED = models.Q(approved_at__isnull=False)


class DeviceGrant(models.Model):
    """What a device asked for, from its codes to its tokens (RFC 8628).

    Written by `device.py` (asked, shown, answered) and `device_polls.py` (polled, used); ended by
    `consent.py` and `clients.py`. The toolkit's own holds both codes in clear
    (docs/decisions/0100). The family that it becomes has its id from the start.
    """

    digest = models.BinaryField(primary_key=True, max_length=32)  # SHA-256 of the device code
    user_code_digest = models.BinaryField(max_length=32)  # keyed: a user code could be guessed
    # What the form of the confirmation page says instead of a code.
    handle = models.CharField(max_length=22, unique=True, default=new_handle)
    application = models.ForeignKey(Application, models.CASCADE, db_index=False, related_name="device_grants")
    scope = models.TextField()
    resource_server = models.ForeignKey(
        ResourceServer, models.CASCADE, null=True, db_index=False, related_name="+"
    )  # null: ours
    address = models.GenericIPAddressField(null=True)  # from which the device asked
    interval_seconds = models.PositiveIntegerField()  # between polls; grows with each that came too early
    polled_at = models.DateTimeField(null=True)
    # Who saw the confirmation page last, and in which browser session: nobody else can answer it.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    session_digest = models.BinaryField(max_length=32, null=True)
    credentials_epoch = models.PositiveIntegerField(null=True)
    authenticated_at = models.DateTimeField(null=True)
    family_id = models.UUIDField(default=uuid.uuid4, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    denied_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # taken back before its use

    class Meta:
        verbose_name = _("device grant")
        indexes = [
            models.Index(fields=["application", "user"], name="device_by_application"),
            models.Index(fields=["expires_at"], name="device_by_expiry"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user_code_digest"], name="device_user_code_once"),
            models.CheckConstraint(condition=~APPROVED | models.Q(denied_at=None), name="device_one_answer"),
            models.CheckConstraint(
                condition=~APPROVED
                | models.Q(user__isnull=False, credentials_epoch__isnull=False, authenticated_at__isnull=False),
                name="device_approved_by_a_person",
            ),
            models.CheckConstraint(
                condition=models.Q(used_at=None) | APPROVED,
                name="device_used_when_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"device of {self.application_id} until {self.expires_at:%H:%M:%S}"
