"""What happened to a person's sign-in settings. Written by `security_events.py` alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.browsers import in_words


class SecurityEvent(models.Model):
    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", _("Signed in")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        PASSWORD_RESET = "password_reset", _("Password reset by mail")
        EMAIL_CHANGED = "email_changed", _("E-mail address changed")
        PASSKEY_ADDED = "passkey_added", _("Passkey added")
        PASSKEY_REMOVED = "passkey_removed", _("Passkey removed")
        TOTP_ADDED = "totp_added", _("Authenticator app added")
        TOTP_REMOVED = "totp_removed", _("Authenticator app removed")
        RECOVERY_CODES_MADE = "recovery_codes_made", _("New recovery codes made")
        SESSIONS_ENDED = "sessions_ended", _("Other sessions ended")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="security_events")
    kind = models.CharField(_("what"), max_length=20, choices=Kind)
    address = models.GenericIPAddressField(_("address"), null=True)
    browser = models.CharField(_("browser"), max_length=60)
    created_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        indexes = [models.Index(fields=["user", "-created_at"], name="security_event_latest")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"

    @property
    def browser_in_words(self) -> str:
        return in_words(self.browser)
