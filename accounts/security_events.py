"""The last things that happened to a person's account, for the person to look through."""

import ipaddress
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.browsers import browser_name
from accounts.client_address import client_address
from accounts.models import SecurityEvent, User

SHOWN = 20


def record(user: User, kind: SecurityEvent.Kind, request: HttpRequest, now: datetime) -> SecurityEvent:
    return SecurityEvent.objects.create(
        user=user, kind=kind, address=address_of(request), browser=browser_of(request), created_at=now
    )


def latest(user: User) -> QuerySet[SecurityEvent]:
    return user.security_events.order_by("-created_at", "-pk")[:SHOWN]


def is_new_browser(user: User, request: HttpRequest) -> bool:
    """Whether `user` has signed in before, but never with a browser of this name."""
    seen = set(user.security_events.filter(kind=SecurityEvent.Kind.SIGNED_IN).values_list("browser", flat=True))
    return bool(seen) and browser_of(request) not in seen


def browser_of(request: HttpRequest) -> str:
    return browser_name(request.headers.get("User-Agent", ""))


def address_of(request: HttpRequest) -> str | None:
    address = client_address(request)
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None
