"""Clients that register themselves, and look after their own registration.

Source: oauth.md, "Other endpoints"; RFC 7591 and 7592. Who may is `settings.REGISTRATION`
(docs/registration.md); what waits for staff is settled in `registration_queue.py`.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.digests import digest
from oauth_provider import (
    client_details,
    client_metadata,
    client_secrets,
    clients,
    consent,
    registration_queue,
    scopes,
)
from oauth_provider.authentication import challenge
from oauth_provider.client_details import LINKS, Details
from oauth_provider.client_metadata import KEY_METHOD, Document, Metadata
from oauth_provider.errors import InvalidClientMetadata, InvalidRequest, InvalidToken, OAuthError
from oauth_provider.models import Application, Registration
from oauth_provider.opaque import new_registration_token

State = Registration.State
Source = Application.RegistrationSource
# What waits for staff is bounded, whoever floods it and from wherever.
MAX_PENDING = 1000
# Where browsers are sent: logout redirects without asking whoever is signed out already.
SENT_TO = ("redirect_uris", "post_logout_redirect_uris")


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asks: `person` is None without a token."""

    person: UUID | None
    address: str


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration with the two values that are in one answer and nowhere else."""

    registration: Registration
    token: str
    secret: str | None


def is_open(mode: str, metadata: Metadata) -> bool:
    """Whether `mode`, a setting's, lets `metadata` in at once and without a token."""
    return mode == "open" or (mode == "loopback" and metadata.is_on_loopback)


@transaction.atomic
def register(metadata: Metadata, applicant: Applicant, now: datetime) -> Registered:
    """A new client, which waits for staff where the setting says so. `metadata` has passed `check`."""
    waits = not is_open(settings.REGISTRATION, metadata)
    token = new_registration_token()
    registered = clients.register(metadata.details, now=now, source=Source.DCR, is_enabled=not waits)
    registration = create(
        registered.application,
        metadata,
        applicant,
        waits=waits,
        now=now,
        token_digest=digest(token),
    )
    return Registered(registration, token, registered.secret)


def create(
    application: Application, metadata: Metadata, applicant: Applicant, *, waits: bool, now: datetime, **columns: object
) -> Registration:
    """Raises OAuthError 503 while too many wait for staff."""
    if waits and Registration.objects.filter(state=State.PENDING).count() >= MAX_PENDING:
        message = "Too many registrations wait for approval. Try again later."
        raise OAuthError("temporarily_unavailable", message, status=503)
    registration: Registration = Registration.objects.create(
        application=application,
        state=State.PENDING if waits else State.APPROVED,
        asked_by_id=applicant.person,
        asked_from=applicant.address,
        asked_at=now,
        decided_at=None if waits else now,
        auth_method=metadata.auth_method,
        given=metadata.given,
        **columns,
    )
    return registration


def find(client_id: str, token: str) -> Registration | None:
    """The registration of `client_id` that `token` manages; None for any mismatch, all the same."""
    rows = Registration.objects.select_related("application").exclude(state=State.ENDED)
    return rows.filter(application__client_id=client_id, token_digest=digest(token)).first()


@transaction.atomic
def change(registration: Registration, document: Document, now: datetime) -> Registration:
    """Replaces what the client said of itself (RFC 7592 section 2.2).

    Raises InvalidToken (401) if the client has ended meanwhile, InvalidRequest, InvalidClientMetadata,
    InvalidRedirectUri, and OAuthError 403 for a client that staff switched off.
    """
    rows = registration_queue.find_locked(registration)
    if rows is None or rows[1].state == State.ENDED:
        path = reverse("registered_client", args=[registration.application.client_id])
        raise InvalidToken(challenge(path, error="invalid_token"))
    application, registration = rows
    check_addressed(application, document, now)
    if registration.state == State.APPROVED and not application.is_enabled:
        raise OAuthError("access_denied", "This client is switched off.", status=403)
    metadata = client_metadata.read(document)
    if metadata.details.keeps_secret == application.is_public:
        raise InvalidClientMetadata("token_endpoint_auth_method: whether there is a secret stays as it was.")
    if (metadata.auth_method == KEY_METHOD) != application.uses_keys:
        raise InvalidClientMetadata("token_endpoint_auth_method: whether there is a key stays as it was.")
    client_metadata.check(metadata, besides=application.pk)
    apply(registration, application, metadata, mode=settings.REGISTRATION, now=now)
    return Registration.objects.select_related("application").get(pk=registration.pk)


def check_addressed(application: Application, document: Document, now: datetime) -> None:
    """A client changes itself alone, and chooses no secret (RFC 7592 section 2.2)."""
    if document.get("client_id") != application.client_id:
        raise InvalidRequest("The body has to name this client_id.")
    secret = client_metadata.text(document, "client_secret")
    known = [bytes(live.digest) for live in client_secrets.live(application, now)]
    if secret and not any(hmac.compare_digest(digest(secret), one) for one in known):
        raise InvalidRequest("A client can't choose its secret.")


def apply(
    registration: Registration, application: Application, metadata: Metadata, *, mode: str, now: datetime
) -> None:
    """Gives the client new details, in the caller's transaction.

    What people or staff decided by is not carried over to what is different: new redirect URIs
    forget the remembered consents (docs/attacks.md, row 90), and what staff approve waits for
    them again, without its codes and tokens, when it would be or may something else.
    """
    before = client_details.of(application)
    after = replace(
        metadata.details,
        kind=before.kind,
        allowed_origins=before.allowed_origins,
        backchannel_logout_uri=before.backchannel_logout_uri,
        rotates_refresh_tokens=before.rotates_refresh_tokens,
        allows_device_grant=before.allows_device_grant,
        requires_dpop=before.requires_dpop,
        is_strict=before.is_strict,
    )
    is_other = looks_different(before, after)
    if not is_other:
        after = replace(after, is_verified=before.is_verified, trusted_with_keys=before.trusted_with_keys)
    clients.change(application, after, logo=None, now=now)
    if set(after.redirect_uris) - set(before.redirect_uris):
        consent.forget(application)
    registration.given, registration.auth_method = metadata.given, metadata.auth_method
    waits = not is_open(mode, metadata) or registration.state == State.REFUSED
    if is_other and waits:
        wait(registration, application, now)
    registration.save()


def looks_different(before: Details, after: Details) -> bool:
    """Whether `after` shows people another name, sends them elsewhere or may do more."""
    shown = ("name", *LINKS)
    return (
        any(getattr(before, field) != getattr(after, field) for field in shown)
        or any(set(getattr(after, field)) - set(getattr(before, field)) for field in SENT_TO)
        or not scopes.includes(" ".join(before.allowed_scopes), " ".join(after.allowed_scopes))
    )


def come_back(registration: Registration, application: Application, *, waits: bool, now: datetime) -> None:
    """A client that had ended asks again, as a new one does."""
    wait(registration, application, now)
    if not waits:
        registration.state, registration.decided_at = State.APPROVED, now
        clients.enable(application, now)
    registration.save()


def wait(registration: Registration, application: Application, now: datetime) -> None:
    clients.disable(application, now)
    registration.state = State.PENDING
    registration.asked_at = now
    registration.decided_at = registration.decided_by = registration.staff_told_at = None
    registration.reason = ""


@transaction.atomic
def end(registration: Registration, now: datetime) -> None:
    """The client takes itself away: its codes and tokens end as by disabling, its row goes if nothing needs it.

    One that is gone already is what the caller wanted.
    """
    rows = registration_queue.find_locked(registration)
    if rows is None:
        return
    application, _stored = rows
    if not clients.is_used(application):
        application.delete()
        return
    clients.disable(application, now)
    Registration.objects.filter(pk=registration.pk).update(
        state=State.ENDED, decided_at=now, reason="by the client itself", token_digest=None
    )


def status(registration: Registration) -> str:
    """In one word for the applicant: pending, refused, disabled or active."""
    if registration.state == State.APPROVED:
        return "active" if registration.application.is_enabled else "disabled"
    return str(registration.state)
