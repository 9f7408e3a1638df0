from __future__ import annotations

from django.conf import settings
from django.db import models

from oauth_provider.models.application import Application
from oauth_provider.opaque import new_handle


class Consent(models.Model):
    """What a person allowed an application, remembered. Written by `consent.py` alone."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="consents")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, related_name="consents")
    scope = models.TextField()
    # False once the client has new redirect URIs: the next request is asked as the first was.
    is_remembered = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "application"], name="consent_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} allows {self.application_id}"


class PendingAuthorization(models.Model):
    """An authorization request that waits for a sign-in or an answer. Written by `consent.py`.

    The answer is given to this row and not to what the form sends back: nothing that a page
    carries can widen a request. `session_digest` ties a shown consent page to the browser
    session it was shown in.
    """

    handle = models.CharField(primary_key=True, max_length=22, default=new_handle)
    application = models.ForeignKey(Application, models.CASCADE, db_index=False, related_name="+")
    query = models.TextField()  # as it came, undecoded, and with the default scopes of then if it named none
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, db_index=False, related_name="+")
    session_digest = models.BinaryField(max_length=32, null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="pending_by_expiry")]

    def __str__(self) -> str:
        return self.handle
