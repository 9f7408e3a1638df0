"""Removal of what has expired and can no longer matter, a small batch at a time.

A used code outlives its five minutes: as long as a token of it may live, a second use has to
be known for one, to end what the first one gave (oauth.md, "authorize").
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from accounts.sweeps import delete_batch
from oauth_provider.models import (
    AccessToken,
    ClientSession,
    Code,
    DeviceGrant,
    OpenIdGrant,
    PendingAuthorization,
    PushedRequest,
    TokenFamily,
    UsedProof,
)

# Rows stay this long after their end, for the pages that still speak of them.
KEPT = timedelta(days=1)


def sweep(now: datetime) -> dict[str, int]:
    """Deletes a batch of each table; how many of each. Any number of workers at once."""
    families = timedelta(seconds=settings.REFRESH_TOKEN_SECONDS)
    due = {
        "codes": Code.objects.filter(
            models.Q(used_at=None, expires_at__lt=now - KEPT) | models.Q(expires_at__lt=now - KEPT - families)
        ),
        "pending_authorizations": PendingAuthorization.objects.filter(expires_at__lt=now - KEPT),
        "pushed_requests": PushedRequest.objects.filter(expires_at__lt=now - KEPT),
        "used_proofs": UsedProof.objects.filter(expires_at__lt=now),
        "device_grants": DeviceGrant.objects.filter(expires_at__lt=now - KEPT),
        "access_tokens": AccessToken.objects.filter(expires_at__lt=now - KEPT),
        "openid_grants": OpenIdGrant.objects.filter(expires_at__lt=now - KEPT),
        "client_sessions": ClientSession.objects.filter(ended_at__lt=now - KEPT),
        "families": TokenFamily.objects.filter(expires_at__lt=now - KEPT, access_tokens=None),
    }
    return {name: delete_batch(rows) for name, rows in due.items()}
