"""platform.md: making, listing and reading projects, and who may."""

import pytest

from accounts.models import Membership
from partnership.models import Operation, Project

NOBODYS = "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11"
KEYS = [
    "id",
    "organization_id",
    "name",
    "appkey",
    "region",
    "status",
    "operation_status",
    "instance_type",
    "volume_size_gib",
    "service_version",
    "customized_domain",
    "access_host",
    "created_at",
    "updated_at",
]
# Every call on one project: method, what follows its path, a good body.
READS = [("GET", "", None)]
WRITES = [
    ("PUT", "", {"name": "Other"}),
    ("DELETE", "", None),
    ("GET", "/access-api-key", None),
    ("POST", "/pause", None),
    ("POST", "/restore", None),
    ("POST", "/restart", None),
    ("POST", "/upgrade-instance", {"instanceType": "small"}),
    ("POST", "/transfer", {"targetOrganizationId": NOBODYS}),
]


@pytest.mark.contract("platform.md", "Projects", "create")
@pytest.mark.contract("platform.md", "Projects", "shape")
def test_a_new_project_is_creating_and_then_active(as_alice, team, run_workers):
    made = as_alice.post(f"/organizations/v1/{team.pk}/projects", {"name": "  Shop ", "region": "eu-west"})

    project = made["project"]
    assert (made.status, list(project)) == (201, KEYS)
    assert (project["name"], project["region"], project["status"]) == ("Shop", "eu-central", "creating")
    assert (project["operation_status"], project["service_version"]) == ("creating", "2.2.1")
    run_workers()
    settled = as_alice.get(f"/projects/v1/{project['id']}")["project"]
    assert (settled["status"], settled["operation_status"]) == ("active", None)


@pytest.mark.contract("platform.md", "Projects", "access_host")
def test_the_host_is_what_clients_build_themselves(as_alice, shop):
    project = as_alice.get(shop)["project"]
    assert project["access_host"] == f"https://{project['appkey']}.us-east.example.app"


@pytest.mark.contract("platform.md", "Projects", "list")
def test_a_member_lists_and_reads_what_an_owner_made(as_bob, team, shop):
    projects = as_bob.get(f"/organizations/v1/{team.pk}/projects")["projects"]

    assert [f"/projects/v1/{each['id']}" for each in projects] == [shop]
    assert as_bob.get(shop)["project"] == projects[0]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"),
        ({"name": "x"}, "name"),
        ({"name": 7}, "name"),
        ({"name": "Shop", "region": "mars"}, "region"),
        ({"name": "Shop", "instance_type": "huge"}, "instance_type"),
    ],
)
def test_what_is_not_allowed_is_named(as_alice, team, body, param):
    refused = as_alice.post(f"/organizations/v1/{team.pk}/projects", body)

    assert (refused.status, refused["code"]) == (422, "validation_error")
    assert [fault["param"] for fault in refused["errors"]] == [param]
    assert "message" not in refused.body
    assert not Project.objects.exists()


@pytest.mark.contract("README.md", "Rules for all of them", "3")
@pytest.mark.parametrize("body", ["[]", "{", '"x"', "NaN"])
def test_a_body_that_is_no_object_is_a_400(as_alice, team, body):
    refused = as_alice.post(f"/organizations/v1/{team.pk}/projects", body)
    assert (refused.status, refused["code"]) == (400, "invalid_json")


@pytest.mark.contract("platform.md", "Projects", "plan limit")
def test_the_third_project_is_over_the_free_plan(as_alice, team, run_workers):
    path = f"/organizations/v1/{team.pk}/projects"
    first = as_alice.post(path, {"name": "One"})["project"]["id"]
    as_alice.post(path, {"name": "Two"})

    refused = as_alice.post(path, {"name": "Three"})

    assert (refused.status, refused["code"]) == (400, "project.limit.reached")
    assert refused["error"] == "Free plan allows up to 2 active projects."
    run_workers()
    assert as_alice.post(f"/projects/v1/{first}/pause").status == 200
    assert as_alice.post(path, {"name": "Three"}).status == 201


@pytest.mark.contract("platform.md", "Projects", "white-label")
def test_a_white_label_project_is_nobodys_here(as_alice, globex):
    project_id = globex.sync()["project"]["id"]
    assert as_alice.get(f"/projects/v1/{project_id}").status == 404


def test_a_co_branded_project_is_the_persons_and_a_simulated_one_is_not(as_alice, alice, acme):
    made = acme.sync_for(acme.connect())["project"]["id"]

    home = alice.personal_organization
    assert as_alice.get(f"/projects/v1/{made}")["project"]["organization_id"] == str(home.pk)
    Project.objects.filter(pk=made).update(environment="test")
    assert as_alice.get(f"/projects/v1/{made}").status == 404
    assert as_alice.get(f"/organizations/v1/{home.pk}/projects")["projects"] == []


@pytest.mark.parametrize(("method", "suffix", "body"), READS + WRITES)
class TestWho:
    def test_mallory_finds_nothing(self, as_mallory, shop, method, suffix, body):
        refused = as_mallory.ask(method, shop + suffix, body)
        assert (refused.status, refused["code"]) == (404, "project_not_found")
        assert "not found" in refused["error"]

    @pytest.mark.contract("platform.md", "Organizations", "no UUID")
    @pytest.mark.parametrize("id_", [NOBODYS, "none", "%00", "00000000000000000000000000000000"])
    def test_what_is_no_id_or_nobodys_is_the_same(self, as_alice, id_, method, suffix, body):
        refused = as_alice.ask(method, f"/projects/v1/{id_}{suffix}", body)
        assert (refused.status, "message" in refused.body) == (404, False)
        assert "not found" in refused["error"]

    def test_a_stranger_gets_401_for_anything(self, stranger, method, suffix, body):
        assert stranger.ask(method, f"/projects/v1/{NOBODYS}{suffix}", body).status == 401
        assert stranger.ask("PATCH", f"/projects/v1/{NOBODYS}{suffix}", body).status == 401

    def test_a_token_for_organizations_alone_opens_no_project(self, token_of, alice, shop, method, suffix, body):
        refused = token_of(alice, "organizations:read").ask(method, shop + suffix, body)
        assert (refused.status, refused["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(("method", "suffix", "body"), WRITES)
class TestWrites:
    def test_bob_may_look_and_not_change(self, as_bob, shop, method, suffix, body):
        refused = as_bob.ask(method, shop + suffix, body)
        assert (refused.status, refused["code"]) == (403, "insufficient_role")
        assert Operation.objects.count() == 1

    def test_reading_scope_changes_nothing(self, token_of, alice, shop, method, suffix, body):
        refused = token_of(alice, "projects:read").ask(method, shop + suffix, body)
        assert (refused.status, refused["code"]) == (403, "insufficient_scope")
        assert 'scope="projects:write"' in refused.headers["WWW-Authenticate"]


def test_bob_makes_no_project_and_mallory_sees_no_team(as_bob, as_mallory, team):
    path = f"/organizations/v1/{team.pk}/projects"
    assert as_bob.post(path, {"name": "Shop"})["code"] == "insufficient_role"
    assert [as_mallory.get(path).status, as_mallory.post(path, {"name": "Shop"}).status] == [404, 404]
    assert as_mallory.get("/organizations/v1/none/projects")["code"] == "organization_not_found"


def test_who_left_the_team_sees_it_no_more(as_bob, bob, team, shop):
    Membership.objects.filter(user=bob, organization=team).delete()
    assert as_bob.get(shop).status == 404
