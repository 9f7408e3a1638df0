"""What clients can find out by themselves. Source: oauth.md, "Discovery"; RFC 8414, 9728, 7517."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts import clock
from oauth_provider import claims, keys, protected_areas, public_keys, resources, scopes
from oauth_provider.authorization_request import PROMPTS
from oauth_provider.grants import GRANTS
from oauth_provider.models import SigningKey

PUBLIC = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}
CLIENT_AUTHENTICATION = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]

SIGNING = list(public_keys.ALGORITHMS)
PROVED_AT = ("token", "revocation", "introspection")


@csrf_exempt
@require_safe
def authorization_server(request: HttpRequest) -> HttpResponse:
    """RFC 8414. The same document answers OpenID Connect's well-known path."""
    return JsonResponse(
        {
            **registration(),
            "issuer": settings.BASE_URL,
            "authorization_endpoint": url("authorize"),
            "token_endpoint": url("token"),
            "pushed_authorization_request_endpoint": url("par"),
            "require_pushed_authorization_requests": False,
            "revocation_endpoint": url("revoke"),
            "introspection_endpoint": url("introspect"),
            "introspection_endpoint_auth_methods_supported": [
                method for method in CLIENT_AUTHENTICATION if method != "none"
            ],
            "device_authorization_endpoint": url("device_authorization"),
            "jwks_uri": url("jwks"),
            "service_documentation": f"{settings.BASE_URL}/docs",
            "scopes_supported": resources.for_people(),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(GRANTS),
            "token_endpoint_auth_methods_supported": CLIENT_AUTHENTICATION,
            "revocation_endpoint_auth_methods_supported": CLIENT_AUTHENTICATION,
            **{f"{endpoint}_endpoint_auth_signing_alg_values_supported": SIGNING for endpoint in PROVED_AT},
            "dpop_signing_alg_values_supported": SIGNING,
            "code_challenge_methods_supported": ["S256"],
            **openid(),
            "authorization_response_iss_parameter_supported": True,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "ui_locales_supported": [code for code, _name in settings.LANGUAGES],
        },
        headers=PUBLIC,
    )


def openid() -> dict[str, object]:
    """What OpenID Connect Discovery and its logout documents add."""
    return {
        "userinfo_endpoint": url("userinfo"),
        "end_session_endpoint": url("logout"),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [keys.ALGORITHMS[SigningKey.KeySet.OPENID]],
        "claim_types_supported": ["normal"],
        "claims_supported": claims.supported(),
        "claims_parameter_supported": False,
        "prompt_values_supported": sorted(PROMPTS),
    }


def registration() -> dict[str, str | bool]:
    """How clients that nobody registered become known; only the ways that the settings leave open."""
    by_request = {"registration_endpoint": url("register_client")} if settings.REGISTRATION != "off" else {}
    by_document = {"client_id_metadata_document_supported": True} if settings.CLIENT_DOCUMENTS != "off" else {}
    return {**by_request, **by_document}


@csrf_exempt
@require_safe
def protected_resource(request: HttpRequest, below: str = "") -> HttpResponse:
    """RFC 9728: the deployment as a resource server of its own tokens, or the area at or above a path."""
    path = f"/{below}" if below else ""
    area = protected_areas.area_of(path)
    if path and area is None:
        raise Http404
    return JsonResponse(
        {
            "resource": settings.BASE_URL + path,
            "authorization_servers": [settings.BASE_URL],
            "scopes_supported": protected_areas.AREAS[area] if area else scopes.for_people(),
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": SIGNING,
            "dpop_bound_access_tokens_required": False,
            "resource_name": settings.BRAND_NAME,
            "resource_documentation": f"{settings.BASE_URL}/docs",
        },
        headers=PUBLIC,
    )


@csrf_exempt
@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """The keys of access tokens and of ID tokens, which tell them apart by `alg` and `kid`."""
    key_sets = (SigningKey.KeySet.TOKEN, SigningKey.KeySet.OPENID)
    return JsonResponse(keys.public_set(*key_sets, now=clock.now()), headers=PUBLIC)


def url(name: str) -> str:
    return settings.BASE_URL + reverse(name)
