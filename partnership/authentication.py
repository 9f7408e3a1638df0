"""The partner's door: who asks, and may they. The checks stand in the contract's order.

Source: partnership.md, "Authentication". The last step, Idempotency-Key, needs the request's
body and its answer, so it stands around the call itself: `idempotency.py`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db.models import BinaryField, DateTimeField, Q
from django.http import HttpRequest

from accounts import clock
from accounts.client_address import client_address
from accounts.digests import digest
from accounts.errors import ApiError, RateLimited
from accounts.prepared import Parameter, Prepared
from accounts.rate_limit import Usage, use_hot
from partnership.errors import (
    AddressNotAllowed,
    InvalidCredentials,
    PartnerDisabled,
    PartnerInMaintenance,
    SecretLacksScope,
    WrongPartnershipType,
)
from partnership.events import Actor
from partnership.models import Partner, PartnerSecret, Project

Mode = Project.Mode
WINDOW_SECONDS = 60
CALLER = "gatehouse.caller"  # where a request keeps whose it is, for `request_log.py`
USE_WRITTEN_EVERY = timedelta(seconds=60)
LIVE_SECRET = Prepared(
    lambda: PartnerSecret.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=Parameter("now", DateTimeField())),
        digest=Parameter("digest", BinaryField()),
    ).select_related("partner")
)


@dataclass(frozen=True, slots=True)
class Door:
    """What a call asks of its caller. `mode` None: it serves both."""

    scope: str
    mode: Project.Mode | None = None
    changes: bool = True

    @property
    def refusals(self) -> list[type[ApiError]]:
        """What `open_door` refuses, in its order."""
        of_mode = [WrongPartnershipType] if self.mode else []
        of_time = [PartnerInMaintenance] if self.changes else []
        of_secret = [SecretLacksScope, AddressNotAllowed, RateLimited]
        return [InvalidCredentials, PartnerDisabled, *of_mode, *of_secret, *of_time]


class Party(Protocol):
    """A partner in one of its environments: by its secret, or by one of its people in the console."""

    @property
    def partner(self) -> Partner: ...

    @property
    def environment(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """A partner that came through the door, and with which secret."""

    partner: Partner
    environment: str
    secret: PartnerSecret
    request_id: str

    @property
    def actor(self) -> Actor:
        return Actor("partner", self.partner.pk, self.secret.name, self.request_id)


def open_door(request: HttpRequest, partner_id: str, door: Door, *, now: datetime) -> tuple[Caller, Usage]:
    """The caller of `request`, and how much of the partner's limit is used.

    Raises ApiError: 401, 403, 429 or 503, by the first check that refuses.
    """
    caller = check_secret(request, partner_id, now)
    check_partner(caller.partner)
    check_mode(caller.partner, door.mode)
    check_scope(caller.secret, door.scope)
    check_address(caller.secret, client_address(request))
    usage = check_limit(request, caller.partner)
    check_maintenance(caller.partner, changes=door.changes)
    note_use(caller.secret, now)
    return caller, usage


def challenge_strangers(request: HttpRequest) -> ApiError | None:
    """The 401 for a request whose secret opens nothing under this path; None for a known partner.

    `config/errors.py` asks before it answers 404 or 405 (contract/README.md, rule 6).
    """
    segments = request.path.split("/")
    try:
        check_secret(request, segments[3] if len(segments) > 3 else "", clock.now())
    except ApiError as stranger:
        return stranger
    return None


def check_secret(request: HttpRequest, partner_id: str, now: datetime) -> Caller:
    """One answer for absent, unknown, expired and another partner's: ids can't be probed."""
    given = request.META.get("HTTP_X_PARTNERSHIP_SECRET", "")
    secret = LIVE_SECRET.first(digest=digest(given), now=now)
    if secret is None or secret.partner_id != partner_id:
        raise InvalidCredentials
    caller = Caller(secret.partner, secret.environment, secret, request.META["gatehouse.request_id"])
    request.META[CALLER] = caller
    return caller


def check_partner(partner: Partner) -> None:
    if not partner.is_enabled:
        raise PartnerDisabled


def check_mode(partner: Partner, mode: Project.Mode | None) -> None:
    has = {Mode.CO_BRANDED: partner.is_co_branded, Mode.WHITE_LABEL: partner.is_white_label}
    if mode is not None and not has[mode]:
        raise WrongPartnershipType


def check_scope(secret: PartnerSecret, scope: str) -> None:
    if scope not in secret.scopes.split():
        raise SecretLacksScope(scope)


def check_address(secret: PartnerSecret, address: str) -> None:
    if not secret.networks.strip():
        return
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        parsed = None
    networks = (ipaddress.ip_network(line.strip(), strict=False) for line in secret.networks.split())
    if parsed is None or not any(parsed in network for network in networks):
        raise AddressNotAllowed(detail=address)


def check_limit(request: HttpRequest, partner: Partner) -> Usage:
    usage = use_hot("partner", partner.pk, request, rate=(partner.requests_per_minute, WINDOW_SECONDS))
    usage.check()
    return usage


def check_maintenance(partner: Partner, *, changes: bool) -> None:
    if changes and partner.is_in_maintenance:
        raise PartnerInMaintenance


def note_use(secret: PartnerSecret, now: datetime) -> None:
    """The secret's last use, to the minute: not a write for every call."""
    if secret.last_used_at is None or now - secret.last_used_at >= USE_WRITTEN_EVERY:
        PartnerSecret.objects.filter(pk=secret.pk).update(last_used_at=now)
