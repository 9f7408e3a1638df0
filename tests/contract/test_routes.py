"""True of every route. Source: contract/README.md, rules 1, 4 and 6."""

import re

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from config.errors import GUARDED_PATHS, dialect, render_page
from tests import cast
from tests.contract.routes import EXAMPLES, NOT_WALKED, STRANGERS, all_routes, example, row_of
from tests.environment import examples

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WALKED = [route for route in all_routes() if not route.startswith(NOT_WALKED)]
OURS = [route for route in WALKED if not route.startswith("admin/")]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("route", WALKED)
def test_a_stranger_gets_what_the_table_says(route):
    row = row_of(route)
    assert row, (
        f"{route} is not in the table of refused strangers. Decide what somebody without any credential "
        "is answered there, and write its row into STRANGERS of tests/contract/routes.py."
    )

    response = Client().generic(row.method, example(route), content_type="application/json")

    assert response.status_code == row.status
    assert row.says in response.headers.get("Location", "") or row.says in response.content.decode()


def test_the_table_has_no_row_without_a_route():
    assert set(STRANGERS) <= set(all_routes())


@pytest.mark.contract("README.md", "Rules for all of them", "1")
@pytest.mark.parametrize("route", [route for route in OURS if route])
def test_a_trailing_slash_is_another_path_and_never_a_redirect(route):
    assert not route.endswith("/")
    assert Client().get(example(route) + "/").status_code in (400, 401, 404)


@pytest.mark.contract("README.md", "Rules for all of them", "4")
@pytest.mark.parametrize("route", WALKED)
def test_every_answer_carries_the_callers_request_id(route):
    # Django's admin has a hundred routes of one make: two methods of each tell the same.
    for method in METHODS if route in OURS else ("GET", "POST"):
        response = Client().generic(method, example(route), headers={"X-Request-Id": "alice:1"})

        assert (method, response["X-Request-Id"]) == (method, "alice:1")
        assert response.status_code != 500


@pytest.mark.contract("README.md", "Rules for all of them", "4")
def test_attack_152_a_request_id_of_other_letters_is_replaced():
    for given_id in ("a b", "x" * 129, "é", "a\tb", ""):
        assert re.fullmatch(r"[0-9a-f]{32}", Client().get("/livez", headers={"X-Request-Id": given_id})["X-Request-Id"])


@pytest.mark.contract("README.md", "Rules for all of them", "6")
@pytest.mark.parametrize("route", [route for route in OURS if route.startswith("api/oauth/")])
def test_an_oauth_endpoint_answers_a_wrong_method_with_405(route):
    response = Client(enforce_csrf_checks=True).generic("PROPFIND", example(route))

    assert response.status_code == 405
    assert "PROPFIND" not in response["Allow"]


@pytest.mark.contract("README.md", "Rules for all of them", "6")
@pytest.mark.parametrize("route", [route for route in OURS if dialect(example(route)) is not render_page])
def test_a_wrong_method_is_not_taken_for_a_forged_form(route):
    """Found by the fuzz lane: who has no cookie can't be forged, and wants to hear 401 or 405."""
    browser = Client(enforce_csrf_checks=True)
    assert {browser.generic(method, example(route)).status_code for method in ("POST", "DELETE")} <= {400, 401, 405}


@pytest.mark.contract("README.md", "Rules for all of them", "6")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path", ["/auth/v1/profile", "/auth/v1/nothing", "/projects/v1/x", "/organizations/v1", "/usage/v1/events"]
)
def test_a_stranger_learns_nothing_of_what_is_there(path, method):
    assert Client().generic(method, path).status_code == 401


@pytest.fixture
def sam(db):
    """Staff with every right: nothing refuses them before the row is looked for."""
    return cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))


@pytest.mark.parametrize("route", [route for route in all_routes() if "<str:" in route or "<path:" in route])
def test_attack_205_nothing_has_a_nul_in_its_path(sam, monkeypatch, route):
    """PostgreSQL takes none, not even to look for."""
    for kind in ("str", "path"):
        monkeypatch.setitem(EXAMPLES, kind, "%00")
    path, row = example(route), row_of(route)

    response = sam.generic(row.method if row else "GET", path, headers={"Authorization": "Bearer x"})

    assert response.status_code == (401 if path.startswith(GUARDED_PATHS) else 404)


@pytest.mark.contract("README.md", "Rules for all of them", "6")
def test_who_has_a_token_is_told_that_no_project_has_a_nul(alice, acme_app):
    token = acme_app.tokens_for(alice, scope="projects:read")["access_token"]
    response = Client().get("/projects/v1/%00", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["code"]) == (404, "project_not_found")


@pytest.mark.parametrize("query", [{"id": "\0"}, {"name__contains": "a\0b"}, {"q": "\0"}, {"\0": "1"}])
@pytest.mark.parametrize("list_", ["accounts/user", "partnership/partner", "oauth_provider/application"])
def test_attack_205_a_nul_in_the_admins_query_is_a_400(sam, list_, query):
    assert sam.get(f"/admin/{list_}/", query).status_code == 400


def test_attack_205_a_nul_in_a_form_of_the_admin_is_a_400(sam):
    chosen = {"action": "disable_selected", "_selected_action": "\0"}
    assert sam.post("/admin/partnership/partner/", chosen).status_code == 400


GARBAGE = st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode))
TYPES = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "text/xml", "", "multipart/form-data"]
)
HEADER_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)


# Without shrinking: a failing example is small already, and it is a request each time.
@settings(
    max_examples=examples(3, 15),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(body=GARBAGE, type_=TYPES, query=HEADER_TEXT, authorization=HEADER_TEXT, method=st.sampled_from(METHODS))
@pytest.mark.parametrize("route", OURS)
def test_garbage_is_never_a_500(route, body, type_, query, authorization, method):
    response = Client().generic(
        method,
        example(route),
        body,
        content_type=type_,
        QUERY_STRING=query,
        headers={"Authorization": authorization},
    )

    assert response.status_code < 500
