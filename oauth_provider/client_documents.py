"""Clients whose id is the https address of a document about them.

Source: draft-ietf-oauth-client-id-metadata-document-01; docs/attacks.md, rows 89, 90, M14 to M19.
The document is fetched when its address comes to authorize and what is kept has gone stale, never at
the token endpoint: that knows the client by its row, as it knows every other.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import rate_limit
from accounts.client_address import client_address, limit_key
from oauth_provider import client_metadata, clients, redirect_uris, registration, registration_queue, safe_fetch
from oauth_provider.client_metadata import Document, Metadata
from oauth_provider.errors import AuthorizePageError, InvalidClientMetadata, OAuthError
from oauth_provider.models import Application, DocumentHost, Registration
from oauth_provider.registration import Applicant
from oauth_provider.safe_fetch import Reach, Refused

Policy = DocumentHost.Policy
Source = Application.RegistrationSource

MAX_URL = 255  # characters: the column of `client_id`
MAX_BYTES = 16 * 1024  # the draft recommends 5 KiB; some documents carry keys
TIMEOUT_SECONDS = 5
# Threads of one process that may wait for strangers' servers; the others go on serving people.
IN_FLIGHT = threading.BoundedSemaphore(2)
# How long a document is believed without another look, whatever its server says.
MIN_AGE = timedelta(seconds=60)
MAX_AGE = timedelta(days=1)
DEFAULT_AGE = timedelta(hours=1)

JSON_TYPE = re.compile(r"application/(?:[a-z0-9!#$&^_.+-]+\+)?json\s*(?:;|\Z)", re.IGNORECASE)
MAX_AGE_DIRECTIVE = re.compile(r"(?:\A|[\s,])max-age\s*=\s*\"?([0-9]{1,9})")
UNCACHED = re.compile(r"(?:\A|[\s,])(?:no-store|no-cache)(?:[\s,=]|\Z)")


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of a document's server; `metadata` is None when nothing has changed (304)."""

    metadata: Metadata | None
    fresh_until: datetime
    etag: str


def is_address(client_id: str) -> bool:
    return client_id.startswith(("https://", "http://"))


def ensure_known(client_id: str, request: HttpRequest, now: datetime) -> None:
    """Makes the client whose document is at `client_id` known, and known as it is now.

    Nothing happens for any other id, and for a document that is fresh. Raises AuthorizePageError.
    """
    if settings.CLIENT_DOCUMENTS == "off" or not is_address(client_id):
        return
    application = Application.objects.filter(client_id=client_id).first()
    if application is not None and application.registration_source != Source.CIMD:
        return  # staff registered this id: theirs counts
    try:
        host = check_address(client_id)
        policy = registration_queue.policy_of(host)
        if policy == Policy.REFUSED:
            raise InvalidClientMetadata(_("Applications of its host are not accepted here."))
        if application is None or is_stale(application, now):
            look(client_id, application, policy, request, now)
    except OAuthError as fault:
        message = _("What the application says about itself could not be used.")
        raise AuthorizePageError(fault.code, f"{message} {fault.message}", client_id=client_id) from None


def is_stale(application: Application, now: datetime) -> bool:
    return application.cimd_expires_at is None or application.cimd_expires_at <= now


def check_address(url: str) -> str:
    """The host of `url`. Raises InvalidClientMetadata unless it is one for a document (draft section 3)."""
    fault = redirect_uris.find_fault(url, client_type="public", from_staff=False)
    parts = urlsplit(url) if fault is None else None
    if fault or parts is None or not parts.path or len(url) > MAX_URL:
        raise InvalidClientMetadata(_("Its address is not an https address with a path."))
    try:
        safe_fetch.check_address(url, reach=reach())
    except Refused:
        raise InvalidClientMetadata(_("Its address is not one that can be fetched.")) from None
    return parts.hostname or ""


def reach() -> Reach:
    return Reach.LOOPBACK if settings.CLIENT_DOCUMENTS_ALLOW_LOOPBACK else Reach.PUBLIC


def look(client_id: str, application: Application | None, policy: str, request: HttpRequest, now: datetime) -> None:
    """Fetches the document and keeps what it says. The limit holds per address that makes us ask.

    Raises InvalidClientMetadata, InvalidRedirectUri, ApiError 429.
    """
    rate_limit.use("client_document", limit_key(request), request).check()
    known = Registration.objects.filter(application=application).first() if application else None
    has_ended = known is not None and known.state == Registration.State.ENDED
    fetched = fetch(client_id, known.document_etag if known and not has_ended else "", now)
    if known is not None:
        refresh(known, fetched, policy, now)
        return
    if fetched.metadata is None:
        raise InvalidClientMetadata(_("Its server answered 304 to a first question."))
    keep(client_id, fetched, policy, Applicant(None, client_address(request)), now)


def fetch(client_id: str, etag: str, now: datetime) -> Fetched:
    headers = {"Accept": "application/json", **({"If-None-Match": etag} if etag else {})}
    with slot():
        try:
            answer = safe_fetch.fetch(
                "GET", client_id, headers=headers, timeout_seconds=TIMEOUT_SECONDS, max_bytes=MAX_BYTES, reach=reach()
            )
        except Refused as refused:
            raise InvalidClientMetadata(_("It could not be fetched: %s.") % refused.outcome) from None
    ends = now + lifetime(answer.headers.get("cache-control", ""))
    new_etag = answer.headers.get("etag", "")
    new_etag = new_etag if len(new_etag) <= 255 and new_etag.isascii() and new_etag.isprintable() else ""
    if answer.status == 304 and etag:
        return Fetched(None, ends, new_etag or etag)
    if answer.status != 200:
        raise InvalidClientMetadata(_("Its server answered %d.") % answer.status)
    if not JSON_TYPE.match(answer.headers.get("content-type", "")):
        raise InvalidClientMetadata(_("It is not served as JSON."))
    return Fetched(read(client_id, answer.body), ends, new_etag)


@contextmanager
def slot() -> Iterator[None]:
    """Without waiting: who comes in a flood is told to come again."""
    if not IN_FLIGHT.acquire(blocking=False):
        raise OAuthError("temporarily_unavailable", _("Many are being fetched. Try again in a moment."), status=503)
    try:
        yield
    finally:
        IN_FLIGHT.release()


def lifetime(cache_control: str) -> timedelta:
    """How long an answer may be used, within our own bounds (RFC 9111 section 5.2.2)."""
    directives = cache_control.lower()
    if UNCACHED.search(directives):
        return MIN_AGE
    named = MAX_AGE_DIRECTIVE.search(directives)
    age = timedelta(seconds=int(named[1])) if named else DEFAULT_AGE
    return max(MIN_AGE, min(age, MAX_AGE))


def read(client_id: str, body: bytes) -> Metadata:
    """The client in `body`. Raises InvalidClientMetadata, InvalidRedirectUri."""
    try:
        document: Document = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidClientMetadata(_("It is not valid JSON.")) from None
    if not isinstance(document, dict):
        raise InvalidClientMetadata(_("It is not a JSON object."))
    if document.get("client_id") != client_id:
        raise InvalidClientMetadata(_("Its client_id is not its own address, to the letter."))
    if {"client_secret", "client_secret_expires_at"} & document.keys():
        raise InvalidClientMetadata(_("A public document holds no secret."))
    if document.get("token_endpoint_auth_method", "none") != "none":
        raise InvalidClientMetadata(_("Its token_endpoint_auth_method has to be none."))
    return client_metadata.read({**document, "token_endpoint_auth_method": "none", "client_type": None})


def keep(client_id: str, fetched: Fetched, policy: str, applicant: Applicant, now: datetime) -> None:
    """A first look: the client is registered. Of two at the same time one does, and both have it."""
    metadata = fetched.metadata
    assert metadata is not None
    client_metadata.check(metadata)
    waits = not is_let_in(policy, metadata)
    try:
        with transaction.atomic():
            made = clients.register(
                metadata.details, now=now, client_id=client_id, source=Source.CIMD, is_enabled=not waits
            )
            Application.objects.filter(pk=made.application.pk).update(cimd_expires_at=fetched.fresh_until)
            registration.create(
                made.application,
                metadata,
                applicant,
                waits=waits,
                now=now,
                document_host=urlsplit(client_id).hostname or "",
                document_etag=fetched.etag,
            )
    except IntegrityError:
        if not Application.objects.filter(client_id=client_id).exists():
            raise


def is_let_in(policy: str, metadata: Metadata) -> bool:
    return policy == Policy.ALLOWED or registration.is_open(settings.CLIENT_DOCUMENTS, metadata)


@transaction.atomic
def refresh(known: Registration, fetched: Fetched, policy: str, now: datetime) -> None:
    """A later look. What it says now holds from now on; what waits for staff then, `registration.apply` says."""
    application, stored = registration_queue.locked(known)
    stored.document_etag = fetched.etag
    if fetched.metadata is not None:
        client_metadata.check(fetched.metadata, besides=application.pk)
        mode = "open" if policy == Policy.ALLOWED else settings.CLIENT_DOCUMENTS
        registration.apply(stored, application, fetched.metadata, mode=mode, now=now)
        if stored.state == Registration.State.ENDED:
            waits = not is_let_in(policy, fetched.metadata)
            registration.come_back(stored, application, waits=waits, now=now)
    stored.save()
    Application.objects.filter(pk=application.pk).update(cimd_expires_at=fetched.fresh_until)
