"""Middleware that pages need, and that calls of programs pass by: these bring no cookie and show
nothing to a browser. A fifth of a hot call's time (docs/decisions/0120).
"""

from collections.abc import Awaitable

from csp import middleware as csp
from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import locale
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from accounts import languages, last_seen
from config.errors import dialect, render_page

STATUS = "/status"
Response = HttpResponseBase | Awaitable[HttpResponseBase]


class ForPages(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> Response:
        if dialect(request.path) is render_page:
            return super().__call__(request)
        return self.get_response(request)


class ForVisitors(ForPages):
    """What asks who looks at the page. /status asks nobody: it has to answer where sessions can't be read."""

    def __call__(self, request: HttpRequest) -> Response:
        return self.get_response(request) if request.path == STATUS else super().__call__(request)


class SessionMiddleware(ForVisitors, sessions.SessionMiddleware):
    pass


class AuthenticationMiddleware(ForVisitors, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(ForVisitors, messages.MessageMiddleware):
    pass


class LocaleMiddleware(ForPages, locale.LocaleMiddleware):
    """Pages speak the language of the cookie, of the application or of the browser; calls of programs that of their
    documentation.

    It is switched for both: the thread still has the language of the request before (docs/decisions/0140).
    """

    def __call__(self, request: HttpRequest) -> Response:
        translation.activate(settings.LANGUAGE_CODE)
        return super().__call__(request)

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        if language := languages.asked_for(request):
            translation.activate(language)
            request.LANGUAGE_CODE = language


class LastSeenMiddleware(ForVisitors, last_seen.LastSeenMiddleware):
    pass


class CSPMiddleware(ForPages, csp.CSPMiddleware):
    """A call's answer is no document: nothing in it may be loaded or framed."""

    def __call__(self, request: HttpRequest) -> Response:
        response = super().__call__(request)
        if isinstance(response, HttpResponseBase):
            response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        return response
