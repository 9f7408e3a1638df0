"""When a session was last seen, for the list under `/account/security`."""

from collections.abc import Callable
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.security_events import address_of

EVERY = timedelta(minutes=1)


class LastSeenMiddleware:
    """At most one write a minute for a session: allauth's own middleware writes at each request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            now = timezone.now()
            seen = UserSession.objects.filter(session_key=request.session.session_key, last_seen_at__lt=now - EVERY)
            address = address_of(request)
            seen.update(last_seen_at=now, **({"ip": address} if address else {}))
        return self.get_response(request)
