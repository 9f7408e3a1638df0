"""Partners' secrets: made, shown once, rotated with an overlap, ended."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from oauth_provider.opaque import base64url, digest
from partnership import events
from partnership.events import Actor
from partnership.models import Environment, Partner, PartnerSecret
from partnership.models.partner import SCOPES


def new_secret() -> str:
    """`gps_` and 43 base64url characters: a prefix that leak scanners can know."""
    return f"gps_{base64url(secrets.token_bytes(32))}"


def add_secret(
    partner: Partner,
    *,
    name: str,
    now: datetime,
    environment: str = Environment.LIVE,
    scopes: str = " ".join(SCOPES),
    networks: str = "",
    expires_at: datetime | None = None,
) -> str:
    """A new secret of `partner`; nobody can show it again."""
    secret = new_secret()
    PartnerSecret.objects.create(
        partner=partner,
        name=name,
        environment=environment,
        scopes=scopes,
        networks=networks,
        digest=digest(secret),
        last_four=secret[-4:],
        created_at=now,
        expires_at=expires_at,
    )
    return secret


def rotate_secret(old: PartnerSecret, *, overlap_seconds: int, actor: Actor, now: datetime) -> str:
    """A successor with the rights of `old`, which keeps working for the overlap, never longer than before."""
    ends_at = now + timedelta(seconds=overlap_seconds)
    with transaction.atomic():
        secret = add_secret(
            old.partner,
            name=old.name,
            now=now,
            environment=old.environment,
            scopes=old.scopes,
            networks=old.networks,
        )
        end_secret(old, at=min(ends_at, old.expires_at or ends_at), actor=actor, now=now)
    return secret


def end_secret(secret: PartnerSecret, *, at: datetime, actor: Actor, now: datetime) -> None:
    with transaction.atomic():
        PartnerSecret.objects.filter(pk=secret.pk).update(expires_at=at)
        data: dict[str, object] = {"name": secret.name, "last_four": secret.last_four, "ends_at": at.isoformat()}
        events.record("secret.ended", secret.partner, secret.environment, actor=actor, now=now, data=data)
