"""Logout tokens on their way to clients: at least once, for some hours.

The row is the job. Taking an attempt also sets the time of the next one, so a worker killed at
any instruction leaves a row that another one takes up. No call to the outside runs inside a
transaction. Source: oauth.md, "Other endpoints"; OpenID Connect Back-Channel Logout 1.0.
"""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.db.models import F

from oauth_provider import id_tokens, keys, safe_fetch
from oauth_provider.models import ClientSession, SigningKey
from oauth_provider.safe_fetch import Outcome, Reach, Refused

log = structlog.get_logger("gatehouse.logout")

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_SECONDS = 120  # section 2.4: "at most two minutes in the future"
BATCH, SENDERS, TIMEOUT_SECONDS = 40, 8, 5
# After each attempt; the first is longer than a whole batch may take. The last one is given up.
BACKOFF_SECONDS = (60, 300, 1800, 7200)


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that a sender needs to know."""

    url: str
    body: bytes = field(repr=False)
    reach: Reach


def tell_due(now: datetime) -> int:
    """Sends what is due, at most `BATCH`, several at once. How many attempts it made."""
    due = ClientSession.objects.filter(due_at__lte=now, application__is_enabled=True)
    rows = due.exclude(application__backchannel_logout_uri="").select_related("application").order_by("due_at", "pk")
    mine = [row for row in rows[:BATCH] if take(row, now)]
    with ThreadPoolExecutor(SENDERS, "logout") as senders:
        outcomes = list(senders.map(attempt, [prepare(row, now) for row in mine]))
    for row, outcome in zip(mine, outcomes, strict=True):
        settle(row, outcome)
    return len(mine)


def take(row: ClientSession, now: datetime) -> bool:
    """Whether this attempt is the caller's: of any number of workers, one gets it."""
    is_last = row.attempts >= len(BACKOFF_SECONDS)
    next_at = None if is_last else now + timedelta(seconds=BACKOFF_SECONDS[row.attempts])
    untaken = ClientSession.objects.filter(pk=row.pk, attempts=row.attempts, due_at__isnull=False)
    return bool(untaken.update(attempts=F("attempts") + 1, due_at=next_at))


def prepare(row: ClientSession, now: datetime) -> Parcel:
    body = urlencode({"logout_token": logout_token(row, now)}).encode()
    reach = Reach.LOOPBACK if settings.WEBHOOK_ALLOW_LOOPBACK else Reach.PUBLIC
    return Parcel(row.application.backchannel_logout_uri, body, reach)


def logout_token(row: ClientSession, now: datetime) -> str:
    """Section 2.4; never a nonce, so that nobody takes it for an ID token."""
    said: dict[str, object] = {
        **id_tokens.envelope(row.application.client_id, now, TOKEN_SECONDS),
        "sub": str(row.user_id),
        "sid": row.sid,
        "jti": uuid.uuid4().hex,
        "events": {EVENT: {}},
    }
    return keys.sign(SigningKey.KeySet.OPENID, said, now=now, type_="logout+jwt")


def attempt(parcel: Parcel) -> Outcome:
    """One request, in a sender's thread. Whatever happens has a name."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        answer = safe_fetch.fetch(
            "POST",
            parcel.url,
            headers=headers,
            body=parcel.body,
            timeout_seconds=TIMEOUT_SECONDS,
            reach=parcel.reach,
        )
    except Refused as refusal:
        return refusal.outcome
    return answer.outcome


def settle(row: ClientSession, outcome: Outcome) -> None:
    taken = ClientSession.objects.filter(pk=row.pk, attempts=row.attempts + 1)
    taken.update(outcome=outcome.value, **({"due_at": None} if outcome is Outcome.OK else {}))
    log.info("logout told", client=row.application.client_id, outcome=outcome.value, attempts=row.attempts + 1)
