"""/docs: every route of the API is in the reference, and the page keeps to the policy."""

import pytest
import yaml
from django.test import Client

from config.api_reference import PATHS
from tests.contract.routes import CONVERTED, NOT_IN_REFERENCE, STEPS_OF_A_PAGE, all_routes

pytestmark = pytest.mark.django_db


def api_routes():
    routes = [route for route in all_routes() if route and not route.startswith(NOT_IN_REFERENCE)]
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

    assert missing == [], "describe it (REST framework) or add it to PATHS of config/api_reference.py"


def test_nothing_is_described_that_is_not_there(reference):
    assert set(PATHS) <= api_routes()
    assert {braces(path) for path in reference["paths"]} <= {as_documented(route) for route in api_routes()}


def test_yaml_and_json_say_the_same(reference):
    assert yaml.safe_load(Client().get("/docs/openapi.yaml").content) == reference


def test_every_reference_inside_it_resolves(reference):
    def names(node):
        if isinstance(node, dict):
            yield from [node["$ref"]] if "$ref" in node else []
            node = list(node.values())
        for each in node if isinstance(node, list) else []:
            yield from names(each)

    known = {f"#/components/schemas/{name}" for name in reference["components"]["schemas"]}
    assert set(names(reference["paths"])) <= known


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
