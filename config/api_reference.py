"""The API's reference as a document, and /docs, where it is tried: what `call_schema.py` reads from the views, and
`hand_written_paths.py`, with an example of each call in three languages."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from config import guides, markdown
from config.call_samples import sample
from config.call_schema import Schema
from config.hand_written_paths import HAND_WRITTEN_PATHS
from config.openid_reference import OPENID_SCHEMAS
from config.plain_endpoints import SCHEMAS
from config.registration_reference import REGISTRATION_SCHEMAS
from oauth_provider import scopes

making = Lock()  # the generator is for one thread at a time: the first two requests together were one 500


def document() -> Schema:
    """The whole document. It says what the code says, so once a process is enough; making it takes a second."""
    with making:
        return made()


@cache
def made() -> Schema:
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
    """GET /docs: the quickstart, and Swagger UI, which starts under our policy only split in page and script."""

    url_name = "openapi_json"
    template_name = "docs/reference.html"
    schema = None  # it is no call

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        guides.speak_english()
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.data |= {"guides": guides.listed(), "here": "home", "start": guides.read("quickstart")}
        return response


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
            "token": {"type": "http", "scheme": "bearer", "description": "An access token that you have already."},
        }
    )
    paths = {**HAND_WRITTEN_PATHS, **result.get("paths", {})}
    result["paths"] = {
        path: {method: completed(path, method, operation) for method, operation in methods.items()}
        for path, methods in paths.items()
    }
    return result


def completed(path: str, method: str, operation: Schema) -> Schema:
    """With what no table says of a call: its examples, where they can be read, and that a token can be pasted."""
    security = operation.get("security", [])
    takes_a_token = any(scheme in row for row in security for scheme in ("person", "machine"))
    return {
        **operation,
        **({"security": [*security, {"token": []}]} if takes_a_token else {}),
        "x-codeSamples": sample(path, method, operation).in_languages(),
        "externalDocs": {
            "url": f"/docs/calls/{markdown.slug(operation['tags'][0])}#{operation['operationId']}",
            "description": "This call in curl, Python and JavaScript",
        },
    }
