"""The keys by which a client proves itself: pasted by staff, or fetched from its own address.

What was fetched is shared by all processes for five minutes, failures for thirty seconds; a key id
that is not in it makes us look again at most once a minute, whoever sends it, and what was there stays if nothing
comes of that (docs/decisions/0110).
"""

import threading
from datetime import datetime

from django.conf import settings
from django.core.cache import cache

from accounts.digests import digest
from oauth_provider import public_keys, safe_fetch
from oauth_provider.models import Application
from oauth_provider.opaque import base64url
from oauth_provider.public_keys import Jwk
from oauth_provider.safe_fetch import Outcome, Reach, Refused

FRESH_SECONDS = 300
FAILURE_SECONDS = 30
LOOK_AGAIN_SECONDS = 60
TIMEOUT_SECONDS = 3
MAX_BYTES = 32 * 1024
# Threads of one process that may wait for clients' servers; the others go on serving people.
IN_FLIGHT = threading.BoundedSemaphore(2)


def candidates(application_id: int, kid: object, algorithm: str, now: datetime) -> list[Jwk]:
    """The client's keys that may have signed with `algorithm` under key id `kid`."""
    jwks, jwks_uri = Application.objects.values_list("jwks", "jwks_uri").get(pk=application_id)
    keys = public_keys.read_set(jwks) if jwks else fetched(jwks_uri, kid, now)
    of_kind = [key for key in keys if public_keys.fits(key, algorithm)]
    return [key for key in of_kind if kid is None or key.get("kid", kid) == kid]


def fetched(url: str, kid: object, now: datetime) -> list[Jwk]:
    name = f"client-keys:{base64url(digest(url))}"
    seconds, held = now.timestamp(), cache.get(name)
    keys: list[Jwk] = held["keys"] if held else []
    if held and not (is_new(kid, keys) and seconds - held["looked_at"] >= LOOK_AGAIN_SECONDS):
        return keys
    if not IN_FLIGHT.acquire(blocking=False):
        return keys
    if found := fetch(url):
        held = {"keys": found, "until": seconds + FRESH_SECONDS}
    elif not keys:
        held = {"keys": [], "until": seconds + FAILURE_SECONDS}
    cache.set(name, {**held, "looked_at": seconds}, held["until"] - seconds)
    return found or keys


def is_new(kid: object, keys: list[Jwk]) -> bool:
    return bool(keys) and kid is not None and all(key.get("kid") != kid for key in keys)


def fetch(url: str) -> list[Jwk]:
    """What stands at `url`; nothing if it can't be had, or isn't a key set. Gives back the place in IN_FLIGHT."""
    reach = Reach.LOOPBACK if settings.CLIENT_DOCUMENTS_ALLOW_LOOPBACK else Reach.PUBLIC
    try:
        answer = safe_fetch.fetch("GET", url, timeout_seconds=TIMEOUT_SECONDS, max_bytes=MAX_BYTES, reach=reach)
        return public_keys.read_set(answer.body) if answer.outcome is Outcome.OK else []
    except (Refused, ValueError, RecursionError):
        return []
    finally:
        IN_FLIGHT.release()
