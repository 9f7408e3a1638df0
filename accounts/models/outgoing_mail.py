from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class OutgoingMail(models.Model):
    """A letter that waits to be sent; the row is the job, and is gone when that is done.

    Written by `mail.py` (posted) and `outgoing_mail.py` (the rest) alone.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)  # its Message-ID
    # Whom it goes to and what it says: codes and links in it are as good as a password.
    encrypted_content = models.TextField(editable=False)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["due_at", "id"], name="outgoing_mail_due")]
        constraints = [
            models.CheckConstraint(condition=Q(due_at__gte=models.F("created_at")), name="outgoing_mail_due_later")
        ]

    def __str__(self) -> str:
        return str(self.uuid)
