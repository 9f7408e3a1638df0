"""GET /auth/v1/profile. Source: oauth.md, "profile"."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts import rate_limit
from accounts.digests import digest
from oauth_provider.authentication import Person, get_bearer
from oauth_provider.cors import allow_origin
from oauth_provider.errors import MachineHasNoPerson
from oauth_provider.opaque import base64url


@csrf_exempt
@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    bearer = get_bearer(request, scope="user:read")
    allow_origin(request, bearer.application_id)
    token = request.META["HTTP_AUTHORIZATION"].partition(" ")[2]
    usage = rate_limit.use_hot("profile", base64url(digest(token)), request)
    usage.check()
    if bearer.person is None:
        with usage.told():
            raise MachineHasNoPerson()
    return JsonResponse({"user": shape(bearer.person)}, headers={"Cache-Control": "no-store", **usage.headers})


def shape(person: Person) -> dict[str, object]:
    """Flat and nested: some clients read the one, some the other."""
    flat = {"name": person.name, "avatar_url": person.avatar_url or None}
    return {
        "id": str(person.id),
        "email": person.email,
        **flat,
        "profile": flat,
        "email_verified": person.email_verified,
        "created_at": f"{person.created_at:%Y-%m-%dT%H:%M:%SZ}",
    }
