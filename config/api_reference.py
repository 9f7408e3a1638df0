"""The API's reference at /docs: what `call_schema.py` reads from the views, and `plain_endpoints.py`."""

from __future__ import annotations

from functools import cache

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.views import SpectacularSwaggerSplitView

from config.call_schema import Schema
from config.introspection_reference import INTROSPECTION_PATHS
from config.openid_reference import OPENID_PATHS, OPENID_SCHEMAS
from config.plain_endpoints import PATHS, SCHEMAS
from config.pushed_request_reference import PUSHED_PATHS
from config.registration_reference import REGISTRATION_PATHS, REGISTRATION_SCHEMAS
from oauth_provider import scopes


@cache
def document() -> Schema:
    """The whole document. It says what the code says, so once a process is enough; making it takes a second."""
    held: Schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return held


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    """GET /docs/openapi.json"""
    return JsonResponse(document())


@require_safe
def as_yaml(request: HttpRequest) -> HttpResponse:
    """GET /docs/openapi.yaml"""
    rendered = OpenApiYamlRenderer().render(document())  # type: ignore[no-untyped-call]
    return HttpResponse(rendered, content_type="application/yaml")


@method_decorator(csp_update({"img-src": ["data:"]}), name="dispatch")  # Swagger UI draws its arrows so
class Reference(SpectacularSwaggerSplitView):
    """GET /docs: Swagger UI in our template; it starts under our policy only split in page and script."""

    url_name = "openapi_json"
    template_name = "docs/reference.html"


def add_plain_endpoints(result: Schema, generator: object, request: object, public: bool) -> Schema:
    """A postprocessing hook of drf-spectacular: our tables laid beside what it found."""
    flow = {
        "authorizationUrl": "/api/oauth/v1/authorize",
        "tokenUrl": "/api/oauth/v1/token",
        "scopes": {name: str(scopes.SCOPES[name].text) for name in scopes.for_people()},
    }
    machines_flow = {
        "tokenUrl": "/api/oauth/v1/token",
        "scopes": {name: str(scopes.SCOPES[name].text) for name in scopes.for_machines()},
    }
    components = result.setdefault("components", {})
    components.setdefault("schemas", {}).update({**SCHEMAS, **OPENID_SCHEMAS, **REGISTRATION_SCHEMAS})
    components.setdefault("securitySchemes", {}).update(
        {
            "person": {"type": "oauth2", "flows": {"authorizationCode": flow}},
            "machine": {"type": "oauth2", "flows": {"clientCredentials": machines_flow}},
            "partner": {
                "type": "apiKey",
                "in": "header",
                "name": "X-Partnership-Secret",
                "description": "A secret of the partner whose id is in the path. Server to server only.",
            },
            "registration": {"type": "http", "scheme": "bearer", "description": "`registration_access_token`."},
            "client": {"type": "http", "scheme": "basic", "description": "`client_id` and `client_secret`."},
        }
    )
    result["paths"] = {
        **PATHS,
        **PUSHED_PATHS,
        **INTROSPECTION_PATHS,
        **OPENID_PATHS,
        **REGISTRATION_PATHS,
        **result.get("paths", {}),
    }
    return result
