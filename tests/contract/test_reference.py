"""/docs: every route of the API is in the reference, and the page keeps to the policy."""

import json

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver
from django.views import View
from drf_spectacular.generators import SchemaGenerator

from accounts.errors import PageError, classes
from config import error_page
from config.plain_endpoints import PATHS
from oauth_provider.errors import OAuthError
from oauth_provider.views.door import PlatformView
from partnership.views.door import PartnerView
from tests.contract.routes import CONVERTED, NOT_IN_REFERENCE, STEPS_OF_A_PAGE, all_routes, walk

PARTNERS_AND_PLATFORM = (PartnerView, PlatformView)

pytestmark = pytest.mark.django_db


def api_routes():
    routes = [route for route in all_routes() if route and not f"{route}/".startswith(NOT_IN_REFERENCE)]
    return {"/" + route for route in routes if route not in STEPS_OF_A_PAGE}


def as_documented(route):
    return CONVERTED.sub("{}", route)


def braces(path):
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


@pytest.fixture
def reference():
    return Client().get("/docs/openapi.json").json()


def test_every_route_of_the_api_is_described(reference):
    described = {braces(path) for path in reference["paths"]}
    missing = sorted(route for route in api_routes() if as_documented(route) not in described)

    assert missing == [], "describe it (REST framework) or add it to PATHS of config/plain_endpoints.py"


def test_nothing_is_described_that_is_not_there(reference):
    assert {braces(path) for path in reference["paths"]} <= {as_documented(route) for route in api_routes()}


def test_yaml_and_json_say_the_same(reference):
    assert yaml.safe_load(Client().get("/docs/openapi.yaml").content) == reference


def test_it_is_the_same_however_often_it_is_made(reference):
    made = SchemaGenerator().get_schema(request=None, public=True)
    assert json.loads(json.dumps(made)) == reference


def test_every_reference_inside_it_resolves(reference):
    def names(node):
        if isinstance(node, dict):
            yield from [node["$ref"]] if "$ref" in node else []
            node = list(node.values())
        for each in node if isinstance(node, list) else []:
            yield from names(each)

    known = {f"#/components/schemas/{name}" for name in reference["components"]["schemas"]}
    assert set(names(reference["paths"])) <= known


def rest_views():
    found = [pattern.callback for _, pattern in walk(get_resolver().url_patterns)]
    return {each.view_class for each in found if issubclass(getattr(each, "view_class", View), PARTNERS_AND_PLATFORM)}


def test_every_method_that_has_a_door_says_what_it_takes_and_gives():
    assert {view.__name__: set(view.calls) for view in rest_views()} == {
        view.__name__: set(view.doors) for view in rest_views()
    }


def test_the_document_is_valid_and_no_two_shapes_share_a_name(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", file=str(tmp_path / "openapi.yaml"))


def test_a_call_says_its_body_its_headers_and_its_refusals(reference):
    pause = reference["paths"]["/partnership/v1/{partner_id}/{project_id}/pause"]["post"]

    assert pause["security"] == [{"partner": []}]
    assert pause["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/WaitBody"}
    assert [each["name"] for each in pause["parameters"]] == ["partner_id", "project_id", "Idempotency-Key"]
    assert {"Location", "Retry-After", "RateLimit"} <= set(pause["responses"]["202"]["headers"])
    assert set(pause["responses"]) == {"200", "202", "400", "401", "403", "404", "409", "413", "422", "429", "503"}


def test_the_page_of_errors_is_what_the_code_says():
    written = (settings.ROOT / "docs" / "errors.md").read_text()
    assert written == error_page.as_markdown(), "run `make docs`"


def test_every_refusal_of_the_api_is_on_that_page_with_its_mend():
    page = error_page.as_markdown()
    on_the_wire = [each for each in classes() if not issubclass(each, PageError)]

    assert [each.__name__ for each in on_the_wire if f"| {each.status} | `{each.code}` |" not in page] == [], (
        "no call says that it refuses so: name the class in `refusals` of the view's Call"
    )
    assert [each.__name__ for each in on_the_wire if not each.mend] == []


def test_an_oauth_word_without_a_row_is_refused_at_once():
    with pytest.raises(KeyError):
        OAuthError("invalid_mood", "It is.")


def test_a_wrong_method_is_405_where_the_reference_has_no_such_method(reference):
    for path, methods in PATHS.items():
        if "delete" not in methods and path.startswith("/api/oauth/"):
            assert Client().delete(path).status_code == 405


def test_the_page_has_no_inline_script_or_style():
    page = Client().get("/docs")

    assert b"<style" not in page.content
    assert b"<script>" not in page.content
    assert "img-src 'self' data:" in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]
    assert b"SwaggerUIBundle" in Client().get("/docs?script=").content
