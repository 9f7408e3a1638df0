"""A partner's own people, and the invitations to them. Written by `members.py` alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from partnership.models.partner import Partner


class PartnerRole(models.TextChoices):
    """From the least to the most; what each may do is a table in `members.py`."""

    VIEWER = "viewer", _("Viewer")
    DEVELOPER = "developer", _("Developer")
    OWNER = "owner", _("Owner")


class PartnerMember(models.Model):
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="members", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="partner_memberships")
    role = models.CharField(_("role"), max_length=9, choices=PartnerRole, default=PartnerRole.VIEWER)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["partner", "user"], name="partner_member_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["viewer", "developer", "owner"]), name="partner_member_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.partner}"


class PartnerInvitation(models.Model):
    """Sent by mail; only the SHA-256 digest of the link's token is kept."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="invitations", db_index=False)
    email = models.EmailField(_("e-mail address"), max_length=254)
    role = models.CharField(_("role"), max_length=9, choices=PartnerRole, default=PartnerRole.VIEWER)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    is_by_staff = models.BooleanField(default=False)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        indexes = [models.Index(fields=["partner"], name="partner_invitation_by_partner")]
        constraints = [
            models.UniqueConstraint(
                "partner",
                Lower("email"),
                condition=models.Q(accepted_at__isnull=True),
                name="partner_invitation_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["viewer", "developer", "owner"]), name="partner_invitation_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.partner}"
