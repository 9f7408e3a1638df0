"""Partners made, changed and switched off, and their secrets.

A secret is shown once, when it is made; its SHA-256 digest is all that stays. During a rotation
the old one works beside the new one until its overlap ends (partnership.md, "Authentication").
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.digests import digest
from oauth_provider.client_secrets import SecretRefused
from oauth_provider.opaque import base64url
from partnership import events
from partnership.events import Actor
from partnership.models import Partner, PartnerSecret
from partnership.models.partner import SCOPES

SETTINGS = (
    "name",
    "contact_email",
    "is_co_branded",
    "is_white_label",
    "is_enabled",
    "is_in_maintenance",
    "requests_per_minute",
)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """What a secret may do; `networks` one CIDR a line, empty: from anywhere."""

    name: str = "default"
    environment: str = "live"
    scopes: str = " ".join(SCOPES)
    networks: str = ""


def new_secret() -> str:
    """`gps_` and 256 random bits: a prefix that leak scanners know (docs/partners.md)."""
    return f"gps_{base64url(secrets.token_bytes(32))}"


@transaction.atomic
def register(partner: Partner, wanted: NewSecret, *, actor: Actor, now: datetime) -> str:
    """Saves a new `partner` with its first secret, in clear for this once."""
    partner.save(force_insert=True)
    events.record("partner.registered", partner, wanted.environment, actor=actor, now=now)
    return issue(partner, wanted, actor=actor, now=now)


@transaction.atomic
def change(partner: Partner, *, actor: Actor, now: datetime) -> None:
    """Saves `partner`; what changed stands in its audit log, old and new."""
    stored = Partner.objects.select_for_update().get(pk=partner.pk)
    changed: dict[str, object] = {
        name: [getattr(stored, name), getattr(partner, name)]
        for name in SETTINGS
        if getattr(stored, name) != getattr(partner, name)
    }
    partner.save()
    if changed:
        events.record("partner.changed", partner, "live", actor=actor, now=now, data={"changed": changed})


@transaction.atomic
def switch(partner: Partner, *, is_enabled: bool, actor: Actor, now: datetime) -> bool:
    """Switches `partner` on or off, from the next request on; False if it was so before."""
    stored = Partner.objects.select_for_update().get(pk=partner.pk)
    if stored.is_enabled == is_enabled:
        return False
    stored.is_enabled = is_enabled
    change(stored, actor=actor, now=now)
    return True


@transaction.atomic
def issue(partner: Partner, wanted: NewSecret, *, actor: Actor, now: datetime) -> str:
    """One more secret, in clear for this once."""
    secret = new_secret()
    row = PartnerSecret.objects.create(
        partner=partner,
        name=wanted.name,
        environment=wanted.environment,
        scopes=wanted.scopes,
        networks=wanted.networks,
        digest=digest(secret),
        last_four=secret[-4:],
        created_at=now,
    )
    note("secret.created", row, actor, now)
    return secret


@transaction.atomic
def rotate(old: PartnerSecret, *, overlap: timedelta, seen: Sequence[int], actor: Actor, now: datetime) -> str:
    """A new secret that may do what `old` may, in clear for this once; `old` ends after `overlap`.

    `seen` are the ids of the live secrets that the decision was made by: the same form sent
    twice rotates once. Raises SecretRefused if they changed since.
    """
    Partner.objects.select_for_update().get(pk=old.partner_id)
    rows = live(old.partner, now)
    if sorted(row.pk for row in rows) != sorted(seen) or old not in rows:
        raise SecretRefused(_("The secrets changed since you opened the page. Nothing was done."))
    end_at(old, now + overlap)
    wanted = NewSecret(old.name, old.environment, old.scopes, old.networks)
    return issue(old.partner, wanted, actor=actor, now=now)


@transaction.atomic
def end(secret: PartnerSecret, *, actor: Actor, now: datetime) -> bool:
    """Ends a live secret, from the next request on; False if it had ended."""
    locked = PartnerSecret.objects.select_for_update().get(pk=secret.pk)
    if locked.expires_at is not None and locked.expires_at <= now:
        return False
    end_at(locked, now)
    note("secret.ended", locked, actor, now)
    return True


def live(partner: Partner, now: datetime) -> list[PartnerSecret]:
    """Those that work now, the oldest first."""
    working = Q(expires_at=None) | Q(expires_at__gt=now)
    return list(partner.secrets.filter(working).order_by("created_at", "pk"))


def end_at(secret: PartnerSecret, at: datetime) -> None:
    if secret.expires_at is None or secret.expires_at > at:
        secret.expires_at = at
        secret.save(update_fields=["expires_at"])


def note(type_: str, secret: PartnerSecret, actor: Actor, now: datetime) -> None:
    data: dict[str, object] = {"secret": {"name": secret.name, "last_four": secret.last_four}}
    events.record(type_, secret.partner, secret.environment, actor=actor, now=now, data=data)
