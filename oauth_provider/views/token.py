"""POST token. Source: oauth.md, "token"; RFC 6749 section 5."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import clock
from oauth_provider import dpop, grants
from oauth_provider.client_authentication import Client, check_client, read_credentials, use_limit
from oauth_provider.grants import Grant, NoGrant
from oauth_provider.request_body import read_parameters


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """The checks in their order: body, client, limit, grant type, grant."""
    now = clock.now()
    parameters = read_parameters(request)
    credentials = read_credentials(request, parameters)
    grant = grants.open_grant(parameters, credentials.client_id, now)
    client = check_client(request, grant.client, credentials, now)
    with limited(request, client, grant) as headers:
        if isinstance(grant, NoGrant):
            raise grant.fault
        grants.check_allowed(client, parameters["grant_type"])
        jkt = dpop.read(request, now)
        client.check_proved(jkt)
        answer = grant.issue(client, jkt, now)
    return JsonResponse(answer.public(), headers={"Cache-Control": "no-store", "Pragma": "no-cache", **headers})


@contextmanager
def limited(request: HttpRequest, client: Client, grant: Grant | NoGrant) -> Iterator[dict[str, str]]:
    """Counts the request, unless it is a poll, and gives the headers that say what is left."""
    if grant.is_poll:
        yield {}
        return
    usage = use_limit("token", request, client)
    usage.check()
    with usage.told():
        yield usage.headers
