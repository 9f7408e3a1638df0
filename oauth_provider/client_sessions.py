"""Which browser sessions signed in to which clients, and when that ends.

Nobody tells us of a sign-out: sessions and people belong to the app below. So the worker looks
for sessions that are gone and people who are not the same any more (docs/decisions/0106).
Source: oauth.md, "Other endpoints"; OpenID Connect Back-Channel Logout 1.0.
"""

from collections.abc import Collection
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from oauth_provider.models import Application, ClientSession

BATCH = 500


def enter(application: Application, user: User, session_key: str, now: datetime) -> str:
    """The `sid` under which `application` knows the browser session; the same one until it ends."""
    open_ones = ClientSession.objects.filter(session_key=session_key, application=application, ended_at=None)
    # Of the person before a new password, or before being switched off: that one is over.
    end(open_ones.exclude(user=user, credentials_epoch=user.credentials_epoch), now)
    entered, _created = ClientSession.objects.get_or_create(
        session_key=session_key,
        application=application,
        ended_at=None,
        defaults={"user": user, "credentials_epoch": user.credentials_epoch, "created_at": now},
    )
    return entered.sid


def is_current(sid: str, client_id: str, session_key: str) -> bool:
    """Whether `sid` names this very browser session at the client."""
    return ClientSession.objects.filter(
        sid=sid, application__client_id=client_id, session_key=session_key, ended_at=None
    ).exists()


def notice_ended(now: datetime) -> int:
    """Ends the rows whose browser session is gone, or whose person got new credentials or was
    switched off, at most `BATCH`: how many. Any number of workers may call it at once.
    """
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    same = User.objects.filter(pk=OuterRef("user_id"), is_active=True, credentials_epoch=OuterRef("credentials_epoch"))
    over = ClientSession.objects.filter(~(Exists(alive) & Exists(same)), ended_at=None)
    return end(ClientSession.objects.filter(pk__in=list(over.values_list("pk", flat=True)[:BATCH])), now)


def end(rows: QuerySet[ClientSession], now: datetime) -> int:
    """Ends the open ones of `rows`; where the client wants to know, telling it is due."""
    open_ones = rows.filter(ended_at=None)
    wants_to_know = Application.objects.exclude(backchannel_logout_uri="").filter(is_enabled=True)
    told = open_ones.filter(application__in=wants_to_know).update(ended_at=now, due_at=now)
    return told + open_ones.update(ended_at=now)


def forget(session_keys: Collection[str]) -> None:
    """For sessions that ran out: a person who stayed away did not sign out, so nobody is told."""
    ClientSession.objects.filter(session_key__in=session_keys, ended_at=None).delete()
