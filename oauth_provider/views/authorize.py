"""GET authorize, the consent page and its answer. Source: oauth.md, "authorize"."""

from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect as redirect_here
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import clock, sign_ins
from accounts.languages import UI_LOCALES
from accounts.models import User
from accounts.rate_limit import limited_by_address
from oauth_provider import (
    authorization_request,
    authorization_response,
    client_documents,
    consent,
    letters,
    pushed_requests,
)
from oauth_provider.authorization_request import AuthorizationRequest
from oauth_provider.authorization_response import redirect
from oauth_provider.errors import AuthorizeRedirectError, InvalidRequest
from oauth_provider.models import PendingAuthorization
from oauth_provider.views.consent_page import consent_page, render_before


@never_cache
@csrf_exempt  # so that a wrong method is 405: without it Django looks for a form's token first
@require_http_methods(["GET", "POST"])
@csrf_protect
@limited_by_address("authorize")
def authorize(request: HttpRequest) -> HttpResponse:
    """GET shows or continues, and never grants; POST is the consent form."""
    if request.method == "POST":
        return answer(request)
    raw_query = request.META.get("QUERY_STRING", "")
    query = authorization_request.Query(raw_query)
    if pushed_requests.is_named(query):
        return unfold(query)
    client_documents.ensure_known(authorization_request.shown(query, "client_id"), request, clock.now())
    asked = authorization_request.read(raw_query)
    if asked.application.is_strict:
        raise refusal(asked, "invalid_request", "This client has to push its requests.")
    return proceed(request, asked, raw_query, pending=None)


def unfold(query: authorization_request.Query) -> HttpResponse:
    """On to a page of the pushed request's own: it is used up by now, and the page may be loaded again."""
    now = clock.now()
    pushed = pushed_requests.take(query, now)
    asked = authorization_request.read(pushed)
    pending = consent.store(asked, pushed, now=now)
    return in_its_language(redirect_here("resume", pending.handle), asked)


@never_cache
@csrf_exempt
@require_GET
@limited_by_address("authorize")
def resume(request: HttpRequest, handle: str) -> HttpResponse:
    """The stored request goes on after a sign-in, checked again as if it had just come."""
    pending = consent.get_pending(handle, clock.now())
    return proceed(request, authorization_request.read(pending.query), pending.query, pending=pending)


def proceed(
    request: HttpRequest, asked: AuthorizationRequest, raw_query: str, *, pending: PendingAuthorization | None
) -> HttpResponse:
    now = clock.now()
    user = request.user
    if not isinstance(user, User) or needs_fresh_sign_in(request, asked, pending, now):
        return sign_in(request, asked, raw_query, pending, now)
    if asked.hinted_user_id not in ("", str(user.pk)):
        raise refusal(asked, "login_required", "Somebody else is signed in.")
    allowed = consent.remembered(asked.application, user)
    if not consent.is_needed(asked, allowed):
        code = consent.reuse(asked, user, sign_in=sign_ins.of(request), now=now)
        if code is not None:
            return send_back(asked, code=code)
    if "none" in asked.prompts:
        raise refusal(asked, "consent_required", "The person has to be asked.")
    pending = pending or consent.new_pending(asked, raw_query, now)
    consent.show_to(pending, user, request.session.session_key or "")
    page = consent_page(asked, user, allowed=allowed, handle=pending.handle)
    return render_before(asked.redirect_uri, request, "oauth/consent.html", {"page": page})


def sign_in(
    request: HttpRequest,
    asked: AuthorizationRequest,
    raw_query: str,
    pending: PendingAuthorization | None,
    now: datetime,
) -> HttpResponse:
    """To the sign-in page, or to a new proof for somebody who is signed in already."""
    if "none" in asked.prompts:
        raise refusal(asked, "login_required", "Nobody is signed in, or not recently enough.")
    pending = pending or consent.store(asked, raw_query, now=now)
    request.session["signing_in_to"] = asked.application.name
    page = "account_reauthenticate" if request.user.is_authenticated else "account_login"
    query = {"next": reverse("continue", args=[pending.handle])}
    if asked.login_hint and not request.user.is_authenticated:
        query["login_hint"] = asked.login_hint
    return in_its_language(redirect_here(f"{reverse(page)}?{urlencode(query)}"), asked)


def in_its_language(response: HttpResponse, asked: AuthorizationRequest) -> HttpResponse:
    """`response`, which leads to pages without the request in their address, with the languages that it asks for."""
    if asked.ui_locales:
        response.set_cookie(
            UI_LOCALES,
            quote(asked.ui_locales),
            max_age=settings.PENDING_AUTHORIZATION_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def needs_fresh_sign_in(
    request: HttpRequest, asked: AuthorizationRequest, pending: PendingAuthorization | None, now: datetime
) -> bool:
    """OpenID Connect Core section 3.1.2.1, `prompt=login` and `max_age`: one sign-in since the
    request came satisfies both, or `max_age=0` would never end.
    """
    last = sign_ins.of(request).at
    if pending is not None and last >= pending.created_at:
        return False
    is_old = asked.max_age_seconds is not None and last + timedelta(seconds=asked.max_age_seconds) <= now
    return is_old or "login" in asked.prompts


@transaction.atomic
def answer(request: HttpRequest) -> HttpResponse:
    """The consent form: the answer counts for the stored request, whatever else the form says."""
    if request.META.get("QUERY_STRING"):
        raise InvalidRequest(_("The answer to a consent page carries no query."))
    now = clock.now()
    user = request.user
    if not isinstance(user, User):
        return redirect_here("account_login")
    pending = consent.take_pending(request.POST.get("handle", ""), user, request.session.session_key or "", now)
    asked = authorization_request.read(pending.query)
    if request.POST.get("answer") != "allow":
        # Returned and not raised: raising would roll back that the page has been answered.
        return redirect(refusal(asked, "access_denied", "The person did not allow it.").location)
    before = consent.remembered(asked.application, user)
    code = consent.give(asked, user, sign_in=sign_ins.of(request), now=now)
    letters.tell_of_consent(user, asked.application, asked.scope, before=before, request=request, now=now)
    return send_back(asked, code=code)


def send_back(asked: AuthorizationRequest, *, code: str) -> HttpResponse:
    return redirect(authorization_response.location(asked.redirect_uri, state=asked.state, code=code))


def refusal(asked: AuthorizationRequest, code: str, message: str) -> AuthorizeRedirectError:
    return AuthorizeRedirectError(code, message, redirect_uri=asked.redirect_uri, state=asked.state)


@never_cache
@require_GET
def continue_(request: HttpRequest, handle: str) -> HttpResponse:
    """A page of its own between the sign-in form and what may redirect to a client.

    `form-action` follows the whole chain of redirects after a form, so a remembered consent
    would be blocked on its way to the client (pages.md, "All pages").
    """
    pending = consent.get_pending(handle, clock.now())
    request.session.pop("signing_in_to", None)
    context = {"target": reverse("resume", args=[handle]), "application_name": pending.application.name}
    return render(request, "oauth/continue.html", context)


@require_POST
def use_another_account(request: HttpRequest, handle: str) -> HttpResponse:
    """Signs the person out and asks again; the request is kept."""
    pending = consent.get_pending(handle, clock.now())
    logout(request)
    request.session["signing_in_to"] = pending.application.name
    query = urlencode({"next": reverse("continue", args=[handle])})
    return redirect_here(f"{reverse('account_login')}?{query}")
