"""The key set by which projects' own backends verify our codes (partnership.md)."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts import clock
from oauth_provider import keys
from oauth_provider.models import SigningKey
from oauth_provider.views.metadata import PUBLIC


@csrf_exempt
@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    return JsonResponse(keys.public_set(SigningKey.KeySet.PROJECT, now=clock.now()), headers=PUBLIC)
