"""Idempotency-Key: a request that a partner named is done once, and answered the same again.

Source: partnership.md, "Beyond the published contract". Answers carry API keys, so they are
stored encrypted. Only a success is stored; whatever else happened left everything as it was,
or is found by the same call again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.encryption import decrypt, encrypt
from accounts.errors import ApiError
from accounts.sweeps import delete_batch
from partnership.authentication import Caller
from partnership.constraints import is_broken
from partnership.errors import Fault, IdempotencyInProgress, IdempotencyKeyReused, Invalid
from partnership.models import IdempotencyKey

METHODS = ("POST", "DELETE")
MAX_LENGTH = 255
KEPT = timedelta(hours=24)
REFUSALS: list[type[ApiError]] = [IdempotencyInProgress, IdempotencyKeyReused, Invalid]
# The longest call waits 25 s; past this its worker is dead and the key is free again.
LEASE = timedelta(seconds=60)
STORED_HEADERS = ("Content-Type", "Location", "Retry-After")


class Unstored(JsonResponse):
    """A 2xx that tells of something not done, or gives what must never be given twice."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer for a key, held by the request that got it."""

    pk: int
    fence: int


def answer_once(
    caller: Caller, request: HttpRequest, produce: Callable[[], HttpResponse], *, now: datetime
) -> HttpResponse:
    """What `produce` answers, or the stored answer of the same request before.

    Raises IdempotencyInProgress (409), IdempotencyKeyReused and Invalid (422: the key's length).
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None or request.method not in METHODS:
        return produce()
    if not 1 <= len(key) <= MAX_LENGTH:
        message = f"Idempotency-Key must have 1 to {MAX_LENGTH} characters."
        raise Invalid(Fault("Idempotency-Key", "length", message))
    claimed = claim(caller, key, fingerprint(request), now)
    if isinstance(claimed, HttpResponse):
        return claimed
    try:
        response = produce()
    except BaseException:
        release(claimed)
        raise
    if 200 <= response.status_code < 300 and not isinstance(response, Unstored):
        store(claimed, response, now)
    else:
        release(claimed)
    return response


def fingerprint(request: HttpRequest) -> bytes:
    """Of the request as it came: method, path with query, body."""
    hashed = hashlib.sha256()
    for part in (str(request.method).encode(), request.get_full_path().encode(), request.body):
        hashed.update(len(part).to_bytes(8) + part)
    return hashed.digest()


def claim(caller: Caller, key: str, print_: bytes, now: datetime) -> Claim | HttpResponse:
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(
                partner=caller.partner,
                environment=caller.environment,
                key=key,
                fingerprint=print_,
                lease_until=now + LEASE,
                expires_at=now + KEPT,
            )
    except IntegrityError as clash:
        if not is_broken(clash, IdempotencyKey, "idempotency_key_once"):
            raise
    else:
        return Claim(row.pk, row.fence)
    mine = IdempotencyKey.objects.filter(partner=caller.partner, environment=caller.environment, key=key)
    known = mine.first()
    if known is None:  # released between our two looks
        return claim(caller, key, print_, now)
    return meet(known, print_, now)


def meet(row: IdempotencyKey, print_: bytes, now: datetime) -> Claim | HttpResponse:
    """A key that is known: expired, answered, running or left behind by a crash."""
    is_over = row.expires_at <= now
    if not is_over and row.answered_at is None and row.lease_until > now:
        raise IdempotencyInProgress
    if not is_over and row.answered_at is not None:
        if bytes(row.fingerprint) != print_:
            raise IdempotencyKeyReused
        return replay(row)
    return take_over(row, print_, now)


def take_over(row: IdempotencyKey, print_: bytes, now: datetime) -> Claim:
    taken = IdempotencyKey.objects.filter(pk=row.pk, fence=row.fence).update(
        fence=F("fence") + 1,
        fingerprint=print_,
        answered_at=None,
        response_status=None,
        encrypted_response="",
        lease_until=now + LEASE,
        expires_at=now + KEPT,
    )
    if not taken:
        raise IdempotencyInProgress
    return Claim(row.pk, row.fence + 1)


def store(claimed: Claim, response: HttpResponse, now: datetime) -> None:
    """Keeps the answer, unless the key has been taken over meanwhile."""
    kept = {
        "headers": {name: response[name] for name in STORED_HEADERS if name in response},
        "body": response.content.decode(),
    }
    IdempotencyKey.objects.filter(pk=claimed.pk, fence=claimed.fence).update(
        answered_at=now,
        response_status=response.status_code,
        encrypted_response=encrypt(json.dumps(kept)),
    )


def release(claimed: Claim) -> None:
    IdempotencyKey.objects.filter(pk=claimed.pk, fence=claimed.fence).delete()


def replay(row: IdempotencyKey) -> HttpResponse:
    kept = json.loads(decrypt(row.encrypted_response))
    response = HttpResponse(kept["body"], status=row.response_status, headers=kept["headers"])
    response["Idempotent-Replayed"] = "true"
    return response


def forget_expired(now: datetime) -> int:
    """Deletes a batch of keys past their 24 hours; the worker calls it now and then."""
    return delete_batch(IdempotencyKey.objects.filter(expires_at__lte=now))
