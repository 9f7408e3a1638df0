"""Secrets of confidential clients: the only writer of `ClientSecret`."""

from datetime import datetime, timedelta

from django.db.models import Q

from oauth_provider.models import ClientSecret

NOTE_USE_AFTER = timedelta(minutes=1)


def note_use(secret_id: int, now: datetime) -> None:
    """Writes the last use, at most once a minute: it is for staff to read, not for the token path."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTE_USE_AFTER)
    ClientSecret.objects.filter(stale, pk=secret_id).update(last_used_at=now)
