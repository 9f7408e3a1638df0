"""What holds for every request: its id and log line, its size, the headers of its answer."""

import re
import time
from collections.abc import Callable
from io import BytesIO

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from gunicorn.http.errors import ParseException

from accounts.client_address import client_address
from accounts.errors import ApiError, BadRequest, LengthRequired, RequestTooLarge
from config import metrics
from config.errors import render_error
from config.log import new_request_id
from partnership import request_log
from partnership.authentication import CALLER

GetResponse = Callable[[HttpRequest], HttpResponse]

log = structlog.get_logger("gatehouse.request")

PIECE_BYTES = 64 * 1024
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}\Z")


class RequestIdMiddleware:
    """Takes the caller's X-Request-Id or makes one; the log line and the answer carry it.

    Source: contract/README.md, rule 4.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if REQUEST_ID.match(given) else new_request_id()
        request.META["gatehouse.request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                milliseconds=milliseconds,
                address=client_address(request),
            )
            if CALLER in request.META and not request_log.note(
                request, status=response.status_code, milliseconds=milliseconds
            ):
                metrics.CALLS_DROPPED.inc()
        finally:
            structlog.contextvars.clear_contextvars()
        return response


class BodyLimitMiddleware:
    """413 for a body over the limit of its path, before anything reads it (rule 3).

    A chunked body, which tells no length, is read here and given one: Django reads none without.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = body_limit(request.path)
        try:
            if "HTTP_TRANSFER_ENCODING" in request.META:
                receive_chunked(request, limit)
            check_length(request.META.get("CONTENT_LENGTH") or "0", limit)
        except ApiError as refusal:
            return render_error(request, refusal)
        return self.get_response(request)


def body_limit(path: str) -> int:
    """Bytes that a body sent to `path` may have."""
    return next(limit for prefix, limit in settings.BODY_LIMITS_BYTES if path.startswith(prefix))


def check_length(length: str, limit: int) -> None:
    if not length.isdecimal():
        raise BadRequest(_("The Content-Length header is not a number."))
    if int(length) > limit:
        raise RequestTooLarge(_("The request body is larger than %(limit)d MiB.") % {"limit": limit // 1024**2})


def receive_chunked(request: HttpRequest, limit: int) -> None:
    """Reads a chunked body of at most `limit` bytes, and one more if there are more.

    Raises ApiError 400 for a body that breaks off, and for framing that a proxy before us may
    have read otherwise (RFC 9112 section 6.1); 411 where the server does not undo the chunks.
    """
    meta = request.META
    if meta["HTTP_TRANSFER_ENCODING"].strip().lower() != "chunked" or meta.get("CONTENT_LENGTH"):
        raise BadRequest(_("Send a Content-Length, or Transfer-Encoding: chunked and nothing else."))
    if not meta.get("wsgi.input_terminated"):
        raise LengthRequired
    body = bytearray()
    try:
        while len(body) <= limit and (piece := meta["wsgi.input"].read(min(PIECE_BYTES, limit + 1 - len(body)))):
            body += piece
    except (OSError, ParseException) as broken:
        detail = f"chunked body: {type(broken).__name__}"
        raise BadRequest(_("The request body could not be read."), detail=detail) from None
    meta["CONTENT_LENGTH"] = str(len(body))
    meta["wsgi.input"] = BytesIO(body)
    # Django has wrapped the server's stream already, with the length that was not told.
    request._stream = meta["wsgi.input"]


class SecurityHeadersMiddleware:
    """Headers that depend on where an answer comes from.

    Deployed clients open authorize and the sign-in pages in a popup and watch it close:
    any other opener policy there cuts the popup off (oauth.md, "authorize").
    """

    POPUP_PATHS = ("/api/oauth/v1/authorize", "/accounts/", "/continue", "/device")

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
