"""POST token. Source: oauth.md, "token"; RFC 6749 section 5."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import rate_limit
from accounts.client_address import limit_key
from accounts.rate_limit import Usage
from oauth_provider import tokens
from oauth_provider.client_authentication import Client, check_client, read_credentials
from oauth_provider.cors import allow_origin
from oauth_provider.request_body import read_parameters


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """The checks in their order: body, client, limit, grant type, grant."""
    now = timezone.now()
    parameters = read_parameters(request)
    credentials = read_credentials(request, parameters)
    grant = tokens.open_grant(parameters, credentials.client_id, now)
    client = check_client(request, grant.client, credentials, now)
    allow_origin(request, client.id)
    usage = use_token_limit(request, client)
    usage.check()
    with usage.told():
        tokens.check_allowed(client, parameters["grant_type"])
        answer = grant.issue(client, now)
    return JsonResponse(answer.public(), headers={"Cache-Control": "no-store", "Pragma": "no-cache", **usage.headers})


def use_token_limit(request: HttpRequest, client: Client) -> Usage:
    """All users of a CLI share one client id, so a public client is counted with the address."""
    key = f"{client.client_id}:{limit_key(request)}" if client.is_public else client.client_id
    return rate_limit.use_hot("token", key, request)
