"""Resource servers in the admin."""

import pytest

from oauth_provider.models import ResourceScope, ResourceServer
from tests import cast

ADD = "/admin/oauth_provider/resourceserver/add/"


@pytest.fixture
def staff(db):
    return cast.signed_in(cast.person("staff@example.com", "Staff", is_staff=True, is_superuser=True))


def form(*scopes, **changes):
    rows = {
        f"scopes-{number}-{name}": value
        for number, scope in enumerate(scopes)
        for name, value in {"name": scope, "text": "Do it"}.items()
    }
    management = {"scopes-TOTAL_FORMS": len(scopes), "scopes-INITIAL_FORMS": 0}
    return {"name": "Shop", "identifier": "https://shop.example", "audience": "shop", **management, **rows, **changes}


def test_staff_add_one_with_its_scopes_and_client(staff, acme_app):
    assert staff.get(ADD).status_code == 200
    assert staff.post(ADD, form("orders:read", client=acme_app.application.pk)).status_code == 302
    server = ResourceServer.objects.get()
    assert (server.audience, server.client) == ("shop", acme_app.application)
    assert ResourceScope.objects.get().name == "orders:read"
    assert staff.get("/admin/oauth_provider/resourceserver/").status_code == 200
    assert "orders:read" in staff.get("/admin/oauth_provider/application/add/").content.decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"identifier": "shop"},
        {"identifier": "https://shop.example#x"},
        {"identifier": "https:///x"},
        {"identifier": "http://["},
        {"identifier": "https://shop.example/a b"},
        {"identifier": "http://localhost:8000/projects"},
        {"audience": "insforge-api"},
        {"audience": "http://localhost:8000"},
        {"audience": ""},
    ],
)
def test_what_is_refused(staff, changes):
    assert staff.post(ADD, form(**changes)).status_code == 200
    assert not ResourceServer.objects.exists()


@pytest.mark.parametrize("scope", ["user:read", "usage:write", "two words", 'quo"te', "back\\slash"])
def test_scopes_that_are_refused(staff, scope):
    assert staff.post(ADD, form(scope)).status_code == 200
    assert not ResourceServer.objects.exists()


def test_one_identifier_one_audience_one_scope_of_a_name(staff):
    assert staff.post(ADD, form("orders:read")).status_code == 302
    for changes in ({"identifier": "https://other.example"}, {"audience": "other"}):
        assert staff.post(ADD, form(**changes)).status_code == 200
    assert staff.post(ADD, form("orders:read", identifier="https://b.example", audience="b")).status_code == 200
    assert ResourceServer.objects.count() == 1


def test_a_public_client_introspects_for_nobody(staff, acme_cli):
    assert staff.post(ADD, form(client=acme_cli.application.pk)).status_code == 200
    assert not ResourceServer.objects.exists()
