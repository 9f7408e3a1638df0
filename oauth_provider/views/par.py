"""POST par. Source: oauth.md, "Other endpoints"; RFC 9126 section 2."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import clock
from oauth_provider import client_documents, dpop, pushed_requests
from oauth_provider.client_authentication import Credentials, check_client, find_client, read_credentials, use_limit
from oauth_provider.errors import AuthorizePageError, InvalidClient
from oauth_provider.request_body import read_parameters


@csrf_exempt
@require_POST
def par(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    parameters = read_parameters(request)
    credentials = read_credentials(request, parameters)
    ensure_known(credentials, request, now)
    client = check_client(request, find_client(credentials.client_id, now), credentials, now)
    usage = use_limit("par", request, client)
    usage.check()
    with usage.told():
        pushed = pushed_requests.push(client, parameters, dpop.read(request, now), now)
    return JsonResponse(pushed.public(), status=201, headers={"Cache-Control": "no-store", **usage.headers})


def ensure_known(credentials: Credentials, request: HttpRequest, now: datetime) -> None:
    """A client with a document may come here before it ever comes to authorize (docs/decisions/0103)."""
    try:
        client_documents.ensure_known(credentials.client_id, request, now)
    except AuthorizePageError as fault:
        raise InvalidClient(f"client document: {fault.message}") from None
