"""CORS for browser clients, by the origins registered on each client (contract/README.md, rule 8).

django-cors-headers knows one list of origins for everybody; ours belongs to the client that
the request turns out to be of: who finds that out calls `allow_origin`.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from oauth_provider.models import Application

GetResponse = Callable[[HttpRequest], HttpResponse]

PATHS = (
    "/api/oauth/v1/token",
    "/api/oauth/v1/revoke",
    "/api/oauth/v1/userinfo",
    "/auth/v1/profile",
)
PUBLIC_PATHS = ("/.well-known/", "/api/oauth/v1/jwks.json")
FOR_EVERYBODY = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "600",
}


def allow_origin(request: HttpRequest, application_id: int) -> None:
    """Lets the answer be read by the request's origin if client `application_id` registered it."""
    origin = request.META.get("HTTP_ORIGIN")
    if origin and request.path in PATHS:
        known = Application.objects.filter(pk=application_id).values_list("allowed_origins", flat=True).first()
        request.META["gatehouse.allowed_origin"] = origin if origin in (known or "").split() else ""


def may_read(request: HttpRequest, response: HttpResponse, origin: str) -> bool:
    """A 401 before any client is known holds nothing of one: a page has to see that its token has ended."""
    allowed: str | None = request.META.get("gatehouse.allowed_origin")
    return allowed == origin if allowed is not None else response.status_code == 401 and is_registered(origin)


def is_registered(origin: str) -> bool:
    """Whether any enabled client registered `origin`: a preflight names no client."""
    candidates = Application.objects.filter(is_enabled=True, allowed_origins__contains=origin)
    return any(origin in row.split() for row in candidates.values_list("allowed_origins", flat=True))


class CorsMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origin = request.META.get("HTTP_ORIGIN")
        if origin is None:
            return self.get_response(request)
        is_preflight = request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META
        if is_preflight and request.path.startswith(PUBLIC_PATHS):
            return HttpResponse(status=204, headers=FOR_EVERYBODY)
        if request.path not in PATHS:
            return self.get_response(request)
        if is_preflight:
            response = HttpResponse(status=204)
            if is_registered(origin):
                response["Access-Control-Allow-Origin"] = origin
                response["Access-Control-Allow-Methods"] = "GET, POST"
                response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, DPoP, X-Request-Id"
                response["Access-Control-Max-Age"] = "600"
        else:
            response = self.get_response(request)
            if may_read(request, response, origin):
                response["Access-Control-Allow-Origin"] = origin
                response["Access-Control-Expose-Headers"] = "WWW-Authenticate, Retry-After, RateLimit, X-Request-Id"
        response["Vary"] = "Origin"
        return response
