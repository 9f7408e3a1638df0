"""GET and POST userinfo. Source: oauth.md, "Other endpoints"; OpenID Connect Core section 5.3."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from oauth_provider import claims
from oauth_provider.authentication import get_bearer
from oauth_provider.cors import allow_origin
from oauth_provider.errors import MachineHasNoPerson


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def userinfo(request: HttpRequest) -> HttpResponse:
    bearer = get_bearer(request, scope="openid")
    allow_origin(request, bearer.application_id)
    if bearer.person is None:
        raise MachineHasNoPerson()
    return JsonResponse(claims.about(bearer.person, bearer.scope), headers={"Cache-Control": "no-store"})
