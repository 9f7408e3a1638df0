"""The only renderer of errors: three JSON dialects and a page, chosen by path.

Source: contract/README.md, rules 5 and 6.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from django.core import exceptions
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.errors import (
    ApiError,
    BadRequest,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    RequestTooLarge,
    ServerError,
)
from config import outages
from oauth_provider import authorization_response
from oauth_provider.authentication import challenge_strangers
from oauth_provider.errors import AuthorizePageError, AuthorizeRedirectError
from partnership import authentication

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

GetResponse = Callable[[HttpRequest], HttpResponse]

log = structlog.get_logger("gatehouse.error")

PAGE_PATHS = ("/api/oauth/v1/authorize", "/api/oauth/v1/logout")
OAUTH_PATHS = ("/api/oauth/v1/", "/.well-known/")
PLATFORM_PATHS = ("/auth/v1", "/organizations/v1", "/projects/v1", "/usage/v1", "/tracking/v1", "/platform/")
PARTNERSHIP_PATHS = ("/partnership/v1",)
# Strangers get 401 under these before 404 and 405: clients probe routes that way.
GUARDED_PATHS = PLATFORM_PATHS + PARTNERSHIP_PATHS

# What Django answers by itself, or raises.
PLAIN: dict[int, type[ApiError]] = {
    each.status: each for each in (BadRequest, Forbidden, NotFound, RequestTooLarge, ServerError)
}

# RFC 6749 section 5.2 has few words; the general ones map onto them.
OAUTH_CODES = {
    "rate_limited": "temporarily_unavailable",
    "not_found": "invalid_request",
    "method_not_allowed": "invalid_request",
    "request_too_large": "invalid_request",
    "forbidden": "access_denied",
}


def render_error(request: HttpRequest, error: ApiError) -> HttpResponse:
    """`error` in the dialect of the request's path, with its headers."""
    request.META["gatehouse.error_code"] = error.code
    match error:
        case AuthorizeRedirectError():
            response = authorization_response.redirect(error.location)
        case AuthorizePageError():
            response = render_authorize_page(request, error)
        case _:
            response = dialect(request.path)(request, error)
    for name, value in error.headers.items():
        response[name] = value
    if not request.path.startswith("/.well-known/"):
        response["Cache-Control"] = "no-store"
    if error.status >= 500 or error.detail:
        log.warning("refused", status=error.status, code=error.code, detail=error.detail, path=request.path)
    return response


def dialect(path: str) -> Callable[[HttpRequest, ApiError], HttpResponse]:
    if path.startswith(PAGE_PATHS):
        return render_page
    if path.startswith(OAUTH_PATHS):
        return render_oauth
    if path.startswith(PARTNERSHIP_PATHS):
        return render_partnership
    if path.startswith(PLATFORM_PATHS):
        return render_platform
    return render_page


def render_oauth(request: HttpRequest, error: ApiError) -> HttpResponse:
    code = OAUTH_CODES.get(error.code, error.code)
    body = {"error": code, "error_description": error.message, "message": error.message}
    return explained(code, JsonResponse(body, status=error.status))


def explained(code: str, response: JsonResponse) -> JsonResponse:
    """With the place where the catalogue explains `code`: beside the body, which the contract holds to the letter."""
    response["Link"] = f'</docs/errors#{code}>; rel="help"'
    return response


def render_platform(request: HttpRequest, error: ApiError) -> HttpResponse:
    body = {
        "error": error.message,
        "code": error.code,
        "requestId": request.META["gatehouse.request_id"],
        **error.data,
    }
    return explained(error.code, JsonResponse(body, status=error.status))


def render_partnership(request: HttpRequest, error: ApiError) -> HttpResponse:
    body = {
        "success": False,
        "message": error.message,
        "code": error.code,
        "requestId": request.META["gatehouse.request_id"],
        **error.data,
    }
    return explained(error.code, JsonResponse(body, status=error.status))


def render_page(request: HttpRequest, error: ApiError) -> HttpResponse:
    context = {
        "status": error.status,
        "message": gettext(error.message),
        "retry_after": error.headers.get("Retry-After"),
        "request_id": request.META["gatehouse.request_id"],
    }
    if error.status >= 500:  # static: what renders it may be what broke
        return HttpResponse(render_to_string("errors/500.html", context), status=error.status)
    return render(request, "errors/error.html", context, status=error.status)


def render_authorize_page(request: HttpRequest, error: AuthorizePageError) -> HttpResponse:
    context = {"error": error, "request_id": request.META["gatehouse.request_id"]}
    return render(request, "oauth/authorize_error.html", context, status=error.status)


class ErrorMiddleware:
    """Renders what views raise, and re-renders what Django answers by itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        refusal = refusal_of(request, response)
        return response if refusal is None else instead_of(response, render_error(request, refusal))

    def process_view(self, request: HttpRequest, *view: object) -> None:
        """Raises Http404 for a NUL in the path: nothing has one, and PostgreSQL takes none, not even to look for.

        The guarded APIs read ids before they look for them, and say which thing is not there.
        """
        if "\0" in request.path and not request.path.startswith(GUARDED_PATHS):
            raise Http404

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match exception:
            case ApiError():
                return render_error(request, exception)
            case Http404():
                return None  # rendered above, after the question who asks
            case exceptions.RequestDataTooBig():
                return render_error(request, RequestTooLarge())
            case exceptions.PermissionDenied():
                return render_error(request, Forbidden())
            # The latter three: a form in a charset or with a boundary that nobody can read, a body that breaks off.
            case (
                exceptions.SuspiciousOperation()
                | exceptions.BadRequest()
                | MultiPartParserError()
                | UnreadablePostError()
            ):
                return render_error(request, BadRequest(detail=type(exception).__name__))
        return render_error(request, failure(request, exception))


def refusal_of(request: HttpRequest, response: HttpResponse) -> ApiError | None:
    """What to say in place of `response`: to strangers who they are not, and where Django answered by itself."""
    status = response.status_code
    if status in (404, 405) and request.path.startswith(GUARDED_PATHS):
        stranger = challenge_at(request.path)(request)
        if stranger is not None:
            return stranger
    if not is_unrendered(request, response):
        return None
    if status == 405:
        return MethodNotAllowed(response.get("Allow", ""))
    return PLAIN[status]() if status in PLAIN else None


def instead_of(answered: HttpResponse, response: HttpResponse) -> HttpResponse:
    """`response` with what the middleware within this one has said of the answer that it replaces."""
    for name in ("X-Frame-Options", "Content-Security-Policy"):
        if name in answered:
            response.headers.setdefault(name, answered[name])
    response.headers["Content-Length"] = str(len(response.content))
    return response


def failure(request: HttpRequest, exception: BaseException | None) -> ApiError:
    """What to answer where something broke: 503 if a part that we need is away, else 500."""
    if away := outages.refusal(exception):
        return away
    log.error("unexpected", path=request.path, exc_info=exception)
    return ServerError()


def challenge_at(path: str) -> Callable[[HttpRequest], ApiError | None]:
    """Who knows the callers of `path`: partners bring a secret, everybody else a token."""
    return authentication.challenge_strangers if path.startswith(PARTNERSHIP_PATHS) else challenge_strangers


def is_unrendered(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether Django itself made this answer: its own error pages and `HttpResponseNotAllowed`."""
    if dialect(request.path) is render_page:
        return False
    return not response.headers.get("Content-Type", "").startswith("application/json")


def page(status: int, message: _StrPromise) -> Callable[..., HttpResponse]:
    """Answers people with `message`, and programs with the class's own sentence, which docs/errors.md has."""

    def handler(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        request.META.setdefault("gatehouse.request_id", "")
        is_page = dialect(request.path) is render_page
        return render_error(request, PLAIN[status](str(message) if is_page else ""))

    return handler


bad_request = page(400, _("The request could not be understood. Go back and try again."))
permission_denied = page(403, _("You are not allowed to do this."))
not_found = page(404, _("There is nothing at this address."))


def server_error(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """Of what breaks outside of views, in middleware: Django calls it while it handles the exception."""
    request.META.setdefault("gatehouse.request_id", "")
    return render_error(request, failure(request, sys.exception()))


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """What allauth answers where its own limits hold; the longest of them is a minute."""
    error = RateLimited(60)
    error.message = str(_("Too many requests. Try again in 60 seconds."))
    return render_error(request, error)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without this session's token; `reason` goes to the log alone."""
    message = str(_("This page is out of date. Open the page again, then retry."))
    return render_error(request, Forbidden(message, detail=reason))
