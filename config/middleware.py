"""What holds for every request: its id and log line, its size, the headers of its answer."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.client_address import client_address
from accounts.errors import ApiError
from config.errors import PLAIN, render_error

GetResponse = Callable[[HttpRequest], HttpResponse]

log = structlog.get_logger("gatehouse.request")

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}\Z")


class RequestIdMiddleware:
    """Takes the caller's X-Request-Id or makes one; the log line and the answer carry it.

    Source: contract/README.md, rule 4.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if REQUEST_ID.match(given) else uuid.uuid4().hex
        request.META["gatehouse.request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
                address=client_address(request),
            )
        finally:
            structlog.contextvars.clear_contextvars()
        return response


class BodyLimitMiddleware:
    """413 for a body over the limit of its path, before anything reads it (rule 3)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal():
            return render_error(request, ApiError(400, "invalid_request", "The Content-Length header is not a number."))
        # A form with a logo that is a little too large still gets the form's own words.
        limit = settings.MAX_ADMIN_BODY_BYTES if request.path.startswith("/admin/") else settings.MAX_BODY_BYTES
        if int(length) > limit:
            message = f"The request body is larger than {limit // 1024**2} MiB."
            return render_error(request, ApiError(413, PLAIN[413][0], message))
        return self.get_response(request)


class SecurityHeadersMiddleware:
    """Headers that depend on where an answer comes from.

    Deployed clients open authorize and the sign-in pages in a popup and watch it close:
    any other opener policy there cuts the popup off (oauth.md, "authorize").
    """

    POPUP_PATHS = ("/api/oauth/v1/authorize", "/accounts/", "/continue")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(self.POPUP_PATHS):
            response["Cross-Origin-Opener-Policy"] = "unsafe-none"
            response.setdefault("Cache-Control", "no-store")
        response.setdefault("X-Content-Type-Options", "nosniff")
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response
