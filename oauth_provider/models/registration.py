from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from oauth_provider.models.application import Application


class Registration(models.Model):
    """How a client that staff did not register came here, and what staff said to it.

    Written by `registration.py`, `registration_queue.py` and `client_documents.py`. While it
    waits, or was refused, its application is disabled: every door asks that already.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("waits for staff")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        ENDED = "ended", _("ended")

    application = models.OneToOneField(
        Application, models.CASCADE, related_name="registration", verbose_name=_("client")
    )
    state = models.CharField(_("state"), max_length=8, choices=State)
    # Null for whoever asked without a token, and for metadata documents.
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by")
    )
    asked_from = models.CharField(_("asked from"), max_length=45)  # an IP address
    asked_at = models.DateTimeField(_("asked at"))  # the last time it asked for something new
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    staff_told_at = models.DateTimeField(null=True)
    # SHA-256 of the registration access token (RFC 7592); null for metadata documents.
    token_digest = models.BinaryField(max_length=32, null=True, unique=True)
    # `token_endpoint_auth_method`, as registered.
    auth_method = models.CharField(max_length=19)
    # What the client said of itself and only gets back: `logo_uri`, `contacts`, `software_id`...
    given = models.JSONField(default=dict)
    # Of a metadata document: the host it came from, and the validator of its last answer (RFC 9110 section 8.8).
    document_host = models.CharField(_("host"), max_length=253, blank=True, default="")
    document_etag = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        indexes = [
            models.Index(fields=["state", "asked_at"], name="registration_by_state"),
            models.Index(fields=["document_host"], name="registration_by_host"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="pending", decided_at=None)
                | (~models.Q(state="pending") & models.Q(decided_at__isnull=False)),
                name="registration_decided_or_pending",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="refused") | ~models.Q(reason=""),
                name="registration_refusal_has_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(token_digest=None) | models.Q(document_host=""),
                name="registration_token_or_document",
            ),
        ]

    def __str__(self) -> str:
        return str(self.application)


class DocumentHost(models.Model):
    """What staff decided about the metadata documents of one host. Written by its page in the admin alone."""

    class Policy(models.TextChoices):
        ALLOWED = "allowed", _("allowed: its clients need no approval")
        STAFF = "staff", _("staff approve each client")
        REFUSED = "refused", _("refused: nothing is fetched from it")

    host = models.CharField(_("host"), max_length=253, unique=True)
    policy = models.CharField(_("policy"), max_length=7, choices=Policy, default=Policy.STAFF)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("host of client documents")
        verbose_name_plural = _("hosts of client documents")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(policy__in=["allowed", "staff", "refused"]), name="document_host_policy_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.host)
