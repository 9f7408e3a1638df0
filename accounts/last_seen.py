"""When a session was last seen, for the list under `/account/security`."""

from datetime import timedelta
from typing import cast

from allauth.usersessions.models import UserSession
from django.http import HttpRequest
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from accounts.security_events import address_of
from accounts.sessions import SessionStore
from accounts.statements import fetch_one

EVERY = timedelta(minutes=1)
SEEN = f"""
UPDATE {UserSession._meta.db_table} SET last_seen_at = %s, ip = coalesce(%s, ip)
WHERE session_key = %s AND last_seen_at < %s RETURNING id
"""


class LastSeenMiddleware(MiddlewareMixin):
    """At most one write a minute for a session: allauth's own middleware writes at each request."""

    def process_request(self, request: HttpRequest) -> None:
        if not request.session.session_key or not request.user.is_authenticated:
            return
        now, seen_at = timezone.now(), cast(SessionStore, request.session).last_seen_at
        if seen_at is not None and seen_at < now - EVERY:
            fetch_one(SEEN, [now, address_of(request), request.session.session_key, now - EVERY])
