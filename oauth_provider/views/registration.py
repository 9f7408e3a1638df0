"""POST clients/register, and GET, PUT, DELETE clients/register/:client_id.

Source: oauth.md, "Other endpoints"; RFC 7591 section 3, RFC 7592 section 2.
"""

import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import clock, rate_limit
from accounts.client_address import client_address, limit_key
from accounts.rate_limit import Usage
from oauth_provider import client_metadata, registration
from oauth_provider.authentication import Person, challenge, get_bearer
from oauth_provider.errors import InvalidToken, MachineHasNoPerson
from oauth_provider.models import Registration
from oauth_provider.registration import Applicant
from oauth_provider.request_body import read_document

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@csrf_exempt
@require_POST
def register(request: HttpRequest) -> HttpResponse:
    """The checks in their order: setting, limit, who asks, body, what it says."""
    if settings.REGISTRATION == "off":
        raise Http404
    usage = use_limit(request, limit_key(request))
    with usage.told():
        person = find_person(request)
        if person is not None:
            usage = use_limit(request, str(person.id))
        metadata = client_metadata.read(read_document(request))
        if person is None and not registration.is_open(settings.REGISTRATION, metadata):
            raise InvalidToken(challenge(request.path))
        client_metadata.check(metadata)
        applicant = Applicant(person.id if person else None, client_address(request))
        made = registration.register(metadata, applicant, clock.now())
    secret = {"client_secret": made.secret, "client_secret_expires_at": 0} if made.secret else {}
    return JsonResponse(
        {**shape(made.registration, made.token), **secret}, status=201, headers={**NO_STORE, **usage.headers}
    )


@csrf_exempt
@require_http_methods(["GET", "PUT", "DELETE"])
def registered_client(request: HttpRequest, client_id: str) -> HttpResponse:
    """RFC 7592. Whoever has no right to this client learns nothing, not even whether it exists."""
    usage = use_limit(request, limit_key(request))
    with usage.told():
        token = bearer_token(request)
        known = registration.find(client_id, token) if token else None
        if known is None:
            raise InvalidToken(challenge(request.path, error="invalid_token"))
        now = clock.now()
        if request.method == "DELETE":
            registration.end(known, now)
            return HttpResponse(status=204, headers={**NO_STORE, **usage.headers})
        if request.method == "PUT":
            known = registration.change(known, read_document(request), now)
    return JsonResponse(shape(known, token), headers={**NO_STORE, **usage.headers})


def use_limit(request: HttpRequest, key: str) -> Usage:
    usage = rate_limit.use("registration", key, request)
    usage.check()
    return usage


def find_person(request: HttpRequest) -> Person | None:
    """Whose token came along; None without one where strangers may register something.

    Raises InvalidToken (401), MachineHasNoPerson (403).
    """
    may_be_nobody = settings.REGISTRATION in ("open", "loopback") and "Authorization" not in request.headers
    bearer = None if may_be_nobody else get_bearer(request, scope="")
    if bearer is not None and bearer.person is None:
        raise MachineHasNoPerson()
    return bearer.person if bearer else None


def bearer_token(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def shape(known: Registration, token: str) -> dict[str, object]:
    """The client information response (RFC 7591 section 3.2.1), in the contract's words too.

    `token` is the one that the caller has, or gets now: it is not kept in clear.
    """
    client = known.application
    scope, after_logout = client.allowed_scopes, client.post_logout_redirect_uris.split()
    links = {"client_uri": client.homepage_url, "policy_uri": client.privacy_url, "tos_uri": client.terms_url}
    return {
        **known.given,
        **{name: url for name, url in links.items() if url},
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created.timestamp()),
        "registration_access_token": token,
        "registration_client_uri": settings.BASE_URL + reverse("registered_client", args=[client.client_id]),
        "client_name": client.name,
        "name": client.name,
        "redirect_uris": client.redirect_uris.split(),
        **({"post_logout_redirect_uris": after_logout} if after_logout else {}),
        "grant_types": sorted(client.allowed_grants),
        "response_types": ["code"],
        "token_endpoint_auth_method": known.auth_method,
        **({"jwks": json.loads(client.jwks)} if client.jwks else {}),
        **({"jwks_uri": client.jwks_uri} if client.jwks_uri else {}),
        "client_type": client.client_type,
        "scope": scope,
        "allowed_scopes": scope.split(),
        "status": registration.status(known),
        **({"status_reason": known.reason} if known.reason else {}),
    }
