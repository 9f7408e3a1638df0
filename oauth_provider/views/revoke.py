"""POST revoke. Source: oauth.md, "Other endpoints"; RFC 7009."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import clock
from oauth_provider import tokens
from oauth_provider.client_authentication import check_client, find_client, read_credentials
from oauth_provider.errors import InvalidRequest
from oauth_provider.request_body import read_parameters


@csrf_exempt
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    parameters = read_parameters(request)
    credentials = read_credentials(request, parameters)
    client = check_client(request, find_client(credentials.client_id, now), credentials, now)
    if "token" not in parameters:
        raise InvalidRequest("The parameter token is missing.")
    tokens.revoke(parameters["token"], client, now)
    return JsonResponse({"success": True}, headers={"Cache-Control": "no-store"})
