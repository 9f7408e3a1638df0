"""Secrets of confidential clients: the only writer of `ClientSecret`.

A secret is shown once, when it is made; its digest is all that stays. During a rotation the
old one works beside the new one until its overlap ends (oauth.md, "Clients").
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.digests import digest
from accounts.errors import PageError
from oauth_provider import client_history
from oauth_provider.models import Application, ClientSecret
from oauth_provider.opaque import new_client_secret

NOTE_USE_AFTER = timedelta(minutes=1)
SLOTS = (1, 2)
# How long the old secret goes on after a rotation: value in forms, time, what staff read.
OVERLAPS = {
    "now": (timedelta(0), gettext_lazy("now")),
    "24h": (timedelta(hours=24), gettext_lazy("in 24 hours")),
    "7d": (timedelta(days=7), gettext_lazy("in 7 days")),
    "30d": (timedelta(days=30), gettext_lazy("in 30 days")),
}
DEFAULT_OVERLAP = "7d"


class SecretRefused(PageError):
    """409: the secrets of a client, or of a partner, do not allow what was asked."""

    status, code = 409, "conflict"


def issue(application: Application, now: datetime) -> str:
    """The first secret of a confidential client, in clear for this once."""
    secret = new_client_secret()
    adopt(application, digest(secret), last_four=secret[-4:], now=now)
    return secret


def adopt(application: Application, secret_digest: bytes, *, last_four: str, now: datetime) -> None:
    """A first secret of which only the digest is known: the client brought it from elsewhere."""
    add(application, 1, secret_digest, last_four, now)
    client_history.record(application, "secret", "", named(last_four))


@transaction.atomic
def rotate(application: Application, *, overlap: timedelta, seen: Sequence[int], now: datetime) -> str:
    """A new secret, in clear for this once; the old one ends after `overlap`, at once if that is zero.

    `seen` are the ids of the live secrets that the decision was made by: the same form sent
    twice rotates once. Raises SecretRefused for a public client, for secrets that changed
    since, and for an overlap with two live ones.
    """
    if application.is_public:
        raise SecretRefused(_("A public client has no secret."))
    old = locked(application, now)
    if sorted(secret.pk for secret in old) != sorted(seen):
        raise SecretRefused(_("The secrets changed since you opened the page. Nothing was done."))
    if overlap and len(old) == len(SLOTS):
        raise SecretRefused(_("Two secrets are live, and there are at most two. End one first."))
    before = ", ".join(map(described, old))
    for secret in old:
        end_at(secret, now + overlap)
    fresh = new_client_secret()
    add(application, free_slot(application, old, overlap), digest(fresh), fresh[-4:], now)
    after = [named(fresh[-4:]), *(described(secret) for secret in old if overlap)]
    client_history.record(application, "secret", before, ", ".join(after))
    return fresh


@transaction.atomic
def end(application: Application, secret_id: int, now: datetime) -> bool:
    """Ends one live secret, from the next request on; False if it is not live any more."""
    secret = next((live for live in locked(application, now) if live.pk == secret_id), None)
    if secret is None:
        return False
    end_at(secret, now)
    client_history.record(application, "secret", named(secret.last_four), "")
    return True


def live(application: Application, now: datetime) -> list[ClientSecret]:
    """Those that work now, the oldest first."""
    return list(application.secrets.filter(is_live(now)).order_by("created_at", "pk"))


def is_live(now: datetime) -> Q:
    return Q(expires_at=None) | Q(expires_at__gt=now)


def locked(application: Application, now: datetime) -> list[ClientSecret]:
    """The live ones, and nobody else changes any until the transaction ends."""
    Application.objects.select_for_update(no_key=True).get(pk=application.pk)
    return live(application, now)


def end_at(secret: ClientSecret, at: datetime) -> None:
    if secret.expires_at is None or secret.expires_at > at:
        secret.expires_at = at
        secret.save(update_fields=["expires_at"])


def free_slot(application: Application, old: Sequence[ClientSecret], overlap: timedelta) -> int:
    """A slot for the new secret; a row that ended makes room only when it has to."""
    kept = {secret.slot for secret in old} if overlap else {old[-1].slot} if old else set()
    slot = next(slot for slot in SLOTS if slot not in kept)
    application.secrets.filter(slot=slot).delete()
    return slot


def add(application: Application, slot: int, secret_digest: bytes, last_four: str, now: datetime) -> None:
    ClientSecret.objects.create(
        application=application, slot=slot, digest=secret_digest, last_four=last_four, created_at=now
    )


def named(last_four: str) -> str:
    return f"…{last_four}"


def described(secret: ClientSecret) -> str:
    ends = f"{secret.expires_at:%Y-%m-%d %H:%M} UTC" if secret.expires_at else ""
    return f"{named(secret.last_four)} (ends {ends})" if ends else named(secret.last_four)


def note_use(secret_id: int, now: datetime) -> None:
    """Writes the last use, at most once a minute: it is for staff to read, not for the token path."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTE_USE_AFTER)
    ClientSecret.objects.filter(stale, pk=secret_id).update(last_used_at=now)
