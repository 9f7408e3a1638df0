from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from partnership.models.partner import Partner


class Connection(models.Model):
    """A person's link to a co-branded partner.

    A cut link stays as a row: the partner keeps the person's id and nothing else, until the
    person agrees again by the mailed link, of which only the digest is kept.
    """

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="connections")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="partner_connections")
    created_at = models.DateTimeField()
    linked_at = models.DateTimeField()
    cut_at = models.DateTimeField(null=True)
    agreement_digest = models.BinaryField(max_length=32, null=True, unique=True)
    agreement_expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("link to a partner")
        verbose_name_plural = _("links to partners")
        constraints = [
            models.UniqueConstraint(fields=["partner", "user"], name="connection_once"),
            models.CheckConstraint(
                condition=models.Q(agreement_digest__isnull=True) | models.Q(cut_at__isnull=False),
                name="connection_agreement_only_when_cut",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} with {self.partner}"
