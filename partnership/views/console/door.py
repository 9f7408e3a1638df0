"""The door of the partner console: who is signed in, of which partner, and may they.

The checks stand in the order of the API's own door (`partnership/authentication.py`) and are its
functions; a person's role stands where a secret's scopes do (`members.SCOPES_OF`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import PageError
from accounts.models import User
from accounts.rate_limit import Usage
from accounts.views.account import person
from partnership import members
from partnership.authentication import Door, check_limit, check_maintenance, check_mode, check_partner
from partnership.events import Actor
from partnership.members import Hand
from partnership.models import Environment, Partner, PartnerMember, Project

View = Callable[..., HttpResponseBase]


class RoleLacksScope(PageError):
    status, code = 403, "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(_("Your role does not allow this. Ask an owner of the partner."), detail=scope)


@dataclass(frozen=True, slots=True)
class Visit:
    """A person of a partner's, looking at one of its environments."""

    member: PartnerMember
    environment: str
    request_id: str
    now: datetime

    @property
    def partner(self) -> Partner:
        return self.member.partner

    @property
    def actor(self) -> Actor:
        return actor_of(self.member.user, self.request_id)

    @property
    def hand(self) -> Hand:
        return Hand(self.member.user, self.actor)

    def may(self, scope: str) -> bool:
        return scope in members.SCOPES_OF[self.member.role]

    def url(self, name: str, *ids: object) -> str:
        """Of the console's page `name`, in the same environment."""
        return reverse(name, args=[self.partner.pk, self.environment, *ids])


def page(scope: str) -> Callable[[View], View]:
    """A view that shows something to whose role has `scope`: `view(request, visit, ...)`."""
    door = Door(scope, changes=False)
    return lambda view: never_cache(login_required(require_safe(entered(door, view))))


def act(scope: str, mode: Project.Mode | None = None, *, also_in_maintenance: bool = False) -> Callable[[View], View]:
    """A view that changes something, by POST."""
    door = Door(scope, mode)
    return lambda view: never_cache(
        login_required(require_POST(entered(door, view, also_in_maintenance=also_in_maintenance)))
    )


def entered(door: Door, view: View, *, also_in_maintenance: bool = False) -> View:
    @wraps(view)
    def inner(request: HttpRequest, partner_id: str, environment: str, **ids: Any) -> HttpResponseBase:
        visit, usage = open_console(request, partner_id, environment, door)
        if usage is None:
            return view(request, visit, **ids)
        with usage.told():
            check_maintenance(visit.partner, changes=not also_in_maintenance)
            response = view(request, visit, **ids)
        for name, value in usage.headers.items():
            response[name] = value
        return response

    return inner


def open_console(request: HttpRequest, partner_id: str, environment: str, door: Door) -> tuple[Visit, Usage | None]:
    """Who comes in, and for a change how much of the partner's limit is used. Maintenance is for the caller to ask.

    Raises Http404 for who is none of the partner's people, and ApiError by the first check that refuses.
    """
    member = members.find(person(request), partner_id)
    if member is None or environment not in Environment.values:
        raise Http404
    visit = Visit(member, environment, request.META["gatehouse.request_id"], timezone.now())
    check_partner(visit.partner)
    check_mode(visit.partner, door.mode)
    if not visit.may(door.scope):
        raise RoleLacksScope(door.scope)
    # Looking is free: who looks for the reason of a 429 must not get another one.
    return visit, check_limit(request, visit.partner) if door.changes else None


def actor_of(user: User, request_id: str) -> Actor:
    return Actor("user", str(user.pk), user.email, request_id)
