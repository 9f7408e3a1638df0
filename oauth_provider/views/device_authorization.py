"""POST device_authorization. Source: oauth.md, "Other endpoints"; RFC 8628 section 3.1."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.security_events import address_of
from oauth_provider import device
from oauth_provider.client_authentication import check_client, find_client, read_credentials, use_limit
from oauth_provider.request_body import read_parameters


@csrf_exempt
@require_POST
def device_authorization(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    parameters = read_parameters(request)
    credentials = read_credentials(request, parameters)
    client = check_client(request, find_client(credentials.client_id, now), credentials, now)
    usage = use_limit("device_authorization", request, client)
    usage.check()
    with usage.told():
        codes = device.authorize(client, parameters, address=address_of(request), now=now)
    return JsonResponse(codes.public(), headers={"Cache-Control": "no-store", **usage.headers})
