"""GET and POST logout. Source: oauth.md, "Other endpoints"; RP-Initiated Logout 1.0; pages.md."""

from django.contrib.auth import logout as sign_out
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect as redirect_here
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from oauth_provider import authorization_response, client_sessions, logout_request
from oauth_provider.logout_request import LogoutRequest
from oauth_provider.views.consent_page import destination, render_before


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """GET signs out whom a valid hint names, and asks everybody else; POST becomes a GET.

    An application's form comes from another site, so without the session's cookie; the GET that
    its answer leads to brings it.
    """
    if request.method == "POST":
        return HttpResponse(status=303, headers={"Location": f"{request.path}?{request.POST.urlencode()}"})
    raw_query = request.META.get("QUERY_STRING", "")
    asked = logout_request.read(raw_query)
    if not request.user.is_authenticated or is_meant(request, asked):
        return leave(request, asked, has_more_to_say=bool(raw_query))
    return confirm_page(request, asked, raw_query)


@never_cache
@csrf_exempt  # so that a wrong method is 405: without it Django looks for a form's token first
@require_POST
@csrf_protect
def confirm(request: HttpRequest) -> HttpResponse:
    """The page's form. What it sends back is checked again; its CSRF token says who sent it."""
    asked = logout_request.read(request.POST.get("query", ""))
    if request.POST.get("answer") != "sign_out":
        return redirect_here("account")
    return leave(request, asked, has_more_to_say=True)


def is_meant(request: HttpRequest, asked: LogoutRequest) -> bool:
    """Whether the hint is of this person in this browser session."""
    hint, session_key = asked.hint, request.session.session_key or ""
    return (
        hint is not None
        and hint.user_id == str(request.user.pk)
        and client_sessions.is_current(hint.sid, hint.client_id, session_key)
    )


def leave(request: HttpRequest, asked: LogoutRequest, *, has_more_to_say: bool) -> HttpResponse:
    if request.user.is_authenticated:
        sign_out(request)
    if asked.redirect_uri:
        return authorization_response.redirect(asked.location)
    if has_more_to_say:  # no hint stays in the address of the page
        return redirect_here(reverse("logout"))
    return render(request, "oauth/signed_out.html")


def confirm_page(request: HttpRequest, asked: LogoutRequest, raw_query: str) -> HttpResponse:
    context: dict[str, object] = {"application": asked.application, "query": raw_query}
    if not asked.redirect_uri:
        return render(request, "oauth/logout.html", context)
    context["destination"] = destination(asked.redirect_uri)
    return render_before(asked.redirect_uri, request, "oauth/logout.html", context)
