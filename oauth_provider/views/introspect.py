"""POST introspect. Source: oauth.md, "Other endpoints"; RFC 7662."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import clock
from oauth_provider import introspection
from oauth_provider.client_authentication import check_client, find_client, read_credentials
from oauth_provider.errors import InvalidRequest
from oauth_provider.request_body import read_parameters


@csrf_exempt
@require_POST
def introspect(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    parameters = read_parameters(request)
    credentials = read_credentials(request, parameters)
    client = check_client(request, find_client(credentials.client_id, now), credentials, now)
    introspection.check_allowed(client)
    if "token" not in parameters:
        raise InvalidRequest("The parameter token is missing.")
    answer = introspection.introspect(parameters["token"], now)
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})
