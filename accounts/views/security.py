"""/account/security: how the person signs in, where, and what happened. Source: pages.md, "Account"."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import security_events
from accounts.browsers import browser_name, in_words
from accounts.models import SecurityEvent, User
from accounts.views.account import person

View = Callable[..., HttpResponse]
# Asks for a new proof, and then goes on with what was asked for.
recently_signed_in: Callable[[View], View] = reauthentication_required(app="allauth.account")


@dataclass(frozen=True, slots=True)
class Session:
    id: int
    browser: str
    address: str
    last_seen_at: datetime
    is_current: bool


@never_cache
@login_required
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    user = person(request)
    authenticators = {
        kind: list(Authenticator.objects.filter(user=user, type=kind).order_by("created_at"))
        for kind in Authenticator.Type.values
    }
    codes = authenticators[Authenticator.Type.RECOVERY_CODES]
    context = {
        "section": "security",
        "has_password": user.has_usable_password(),
        "passkeys": authenticators[Authenticator.Type.WEBAUTHN],
        "totp": next(iter(authenticators[Authenticator.Type.TOTP]), None),
        "recovery_codes_left": len(codes[0].wrap().get_unused_codes()) if codes else None,
        "sessions": sessions_of(user, request),
        "events": security_events.latest(user),
    }
    return render(request, "account/security.html", context)


@login_required
@recently_signed_in
@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Ends one session of the person; one that is gone is fine."""
    for session in UserSession.objects.filter(user=person(request), pk=session_id):
        session.end()
    messages.success(request, _("The session has ended."))
    return redirect("account_security")


@login_required
@recently_signed_in
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    user = person(request)
    for session in UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key):
        session.end()
    security_events.record(user, SecurityEvent.Kind.SESSIONS_ENDED, request, timezone.now())
    messages.success(request, _("All other sessions have ended."))
    return redirect("account_security")


def sessions_of(user: User, request: HttpRequest) -> list[Session]:
    """Those that still open something, the one in use first, then the last seen."""
    shown = [
        Session(
            id=session.pk,
            browser=in_words(browser_name(session.user_agent)),
            address=session.ip,
            last_seen_at=session.last_seen_at,
            is_current=session.session_key == request.session.session_key,
        )
        for session in UserSession.objects.purge_and_list(user)
    ]
    return sorted(shown, key=lambda session: (not session.is_current, -session.last_seen_at.timestamp()))
