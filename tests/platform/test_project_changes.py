"""platform.md: what an owner does to a project."""

import pytest

from accounts.models import Membership, Organization, Role
from oauth_provider.models import Application
from partnership.models import Event, InstanceType, Project, Tenure


@pytest.mark.contract("platform.md", "Projects", "GET")
@pytest.mark.contract("platform.md", "Projects", "PUT")
def test_a_project_gets_a_name_a_domain_and_a_larger_disk(as_alice, shop):
    body = {"name": " Store ", "customizedDomain": "shop.alice.example", "storageDiskSize": 20}

    changed = as_alice.put(shop, body)["project"]

    assert (changed["name"], changed["volume_size_gib"]) == ("Store", 20)
    assert changed["access_host"] == "https://shop.alice.example"
    assert as_alice.get(shop)["project"] == changed
    assert as_alice.put(shop, {"customizedDomain": None})["project"]["customized_domain"] is None


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"name": ""}, "validation_error", "name"),
        ({"storageDiskSize": 8}, "volume_shrink_refused", "storageDiskSize"),
        ({"storageDiskSize": "20"}, "validation_error", "storageDiskSize"),
        ({"storageDiskSize": 2**31}, "validation_error", "storageDiskSize"),
        ({"storageDiskSize": 99_999}, "validation_error", "storageDiskSize"),
        ({"name": "Store", "customizedDomain": "no host"}, "validation_error", "customizedDomain"),
        ({"name": "Store", "customizedDomain": "https://x.example"}, "validation_error", "customizedDomain"),
    ],
)
def test_a_change_that_is_not_allowed_changes_nothing(as_alice, shop, body, code, param):
    before = as_alice.get(shop)["project"]

    refused = as_alice.put(shop, body)

    assert (refused.status, refused["code"], refused["errors"][0]["param"]) == (422, code, param)
    assert as_alice.get(shop)["project"] == before


def test_a_domain_belongs_to_one_project(as_alice, team, shop, run_workers):
    as_alice.put(shop, {"customizedDomain": "shop.example"})
    other = as_alice.post(f"/organizations/v1/{team.pk}/projects", {"name": "Two"})["project"]["id"]

    refused = as_alice.put(f"/projects/v1/{other}", {"customizedDomain": "shop.example"})

    assert (refused.status, refused["errors"][0]["code"]) == (422, "taken")


@pytest.mark.contract("platform.md", "Projects", "pause, restore")
def test_a_project_sleeps_and_wakes(as_alice, shop):
    assert as_alice.post(shop + "/pause")["project"]["status"] == "paused"
    assert as_alice.post(shop + "/pause")["project"]["status"] == "paused"
    assert as_alice.post(shop + "/restore")["project"]["status"] == "active"
    types = Event.objects.order_by("id").values_list("type", "actor_kind", "actor_name")
    assert list(types)[-2:] == [
        ("project.restore_requested", "user", "alice@example.com"),
        ("project.restored", "user", "alice@example.com"),
    ]


def test_restoring_over_the_plan_limit_is_refused(as_alice, team, shop, run_workers):
    as_alice.post(shop + "/pause")
    for name in ("Two", "Three"):
        as_alice.post(f"/organizations/v1/{team.pk}/projects", {"name": name})

    refused = as_alice.post(shop + "/restore")

    assert (refused.status, refused["code"]) == (400, "project.limit.reached")
    assert as_alice.get(shop)["project"]["status"] == "paused"


@pytest.mark.contract("platform.md", "Projects", "statuses")
def test_while_it_runs_the_status_is_the_last_settled_one(as_alice, shop, no_worker):
    pausing = as_alice.post(shop + "/pause")["project"]

    assert (pausing["status"], pausing["operation_status"]) == ("active", "pausing")
    refused = as_alice.post(shop + "/restart")
    assert (refused.status, refused["code"]) == (409, "operation_in_progress")
    assert "Retry-After" in refused.headers


@pytest.mark.contract("platform.md", "Projects", "restart")
@pytest.mark.parametrize("version", ["2.2.3", "v2.2.3"])
def test_a_restart_may_change_the_version_and_leaves_it_otherwise(as_alice, shop, version):
    path = f"{shop}/restart?insforgeOssVersion={version}&waitForCompletion=true"
    assert as_alice.post(path)["project"]["service_version"] == "2.2.3"
    assert as_alice.post(shop + "/restart")["project"]["service_version"] == "2.2.3"


def test_an_unknown_version_is_named(as_alice, shop):
    refused = as_alice.post(shop + "/restart?insforgeOssVersion=9.9.9")
    assert (refused.status, refused["errors"][0]["param"]) == (422, "insforgeOssVersion")


@pytest.mark.contract("platform.md", "Projects", "upgrade-instance")
def test_an_upgrade_tells_before_and_after(as_alice, shop):
    upgraded = as_alice.post(shop + "/upgrade-instance", {"instanceType": "medium"})

    assert (upgraded["previousInstanceType"], upgraded["newInstanceType"]) == ("nano", "medium")
    assert (upgraded["previousVolumeSizeGiB"], upgraded["newVolumeSizeGiB"]) == (8, 8)
    assert (upgraded["project"]["instance_type"], bool(upgraded["message"])) == ("medium", True)
    again = as_alice.post(shop + "/upgrade-instance", {"instanceType": "medium"})
    assert (again.status, again["previousInstanceType"]) == (200, "medium")


@pytest.mark.parametrize("body", [None, {}, {"instanceType": "huge"}, {"instanceType": None}, {"instanceType": 1}])
def test_an_upgrade_to_nothing_is_refused(as_alice, shop, body):
    refused = as_alice.post(shop + "/upgrade-instance", body)
    assert (refused.status, refused["errors"][0]["param"]) == (422, "instanceType")


@pytest.mark.contract("platform.md", "Projects", "DELETE")
def test_a_deleted_project_is_gone_for_everybody(as_alice, as_bob, team, shop):
    assert as_alice.delete(shop).status == 200

    assert [as_alice.get(shop).status, as_bob.get(shop).status, as_alice.delete(shop).status] == [404, 404, 404]
    assert as_alice.get(f"/organizations/v1/{team.pk}/projects")["projects"] == []


def test_a_project_being_deleted_is_gone_at_once(as_alice, shop, no_worker):
    assert as_alice.delete(shop).status == 200
    assert as_alice.get(shop).status == 404
    assert Project.objects.get().operation_status == "deleting"


@pytest.mark.contract("platform.md", "Projects", "access-api-key")
def test_the_api_key_is_for_owners_who_may_write(as_alice, shop):
    answer = as_alice.get(shop + "/access-api-key")

    assert (list(answer.body), answer["access_api_key"][:3]) == (["access_api_key"], "ik_")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.contract("platform.md", "Projects", "trusted with keys")
def test_a_client_trusted_with_keys_needs_only_to_read(token_of, alice, bob, shop):
    reader = token_of(alice, "projects:read")
    assert reader.get(shop + "/access-api-key").status == 403

    Application.objects.update(trusted_with_keys=True)

    assert reader.get(shop + "/access-api-key")["access_api_key"].startswith("ik_")
    assert reader.post(shop + "/pause").status == 403
    assert token_of(bob, "projects:read").get(shop + "/access-api-key").status == 403


class TestTransfer:
    @pytest.mark.contract("platform.md", "Projects", "transfer")
    def test_a_project_moves_to_another_organization_of_hers(self, as_alice, as_bob, alice, shop):
        home = str(alice.personal_organization.pk)

        moved = as_alice.post(shop + "/transfer", {"targetOrganizationId": home})["project"]

        assert moved["organization_id"] == home
        assert as_bob.get(shop).status == 404

    def test_its_owners_follow_each_other_without_a_gap(self, as_alice, alice, team, shop):
        home = str(alice.personal_organization.pk)

        as_alice.post(shop + "/transfer", {"targetOrganizationId": home})
        as_alice.post(shop + "/transfer", {"targetOrganizationId": home})

        first, second = Tenure.objects.order_by("from_at")
        assert (first.organization_id, str(second.organization_id)) == (team.pk, home)
        assert first.from_at == first.project.created_at
        assert (first.until_at, second.until_at) == (second.from_at, None)

    def test_a_member_may_be_given_to(self, as_alice, alice, bob, shop):
        club = Organization.objects.create(name="Club", type="team", slug="club")
        Membership.objects.create(organization=club, user=alice, role=Role.MEMBER)
        assert as_alice.post(shop + "/transfer", {"targetOrganizationId": str(club.pk)}).status == 200

    def test_anothers_organization_is_not_found(self, as_alice, mallory, shop):
        target = str(mallory.personal_organization.pk)
        refused = as_alice.post(shop + "/transfer", {"targetOrganizationId": target})
        assert (refused.status, refused["code"]) == (404, "organization_not_found")

    @pytest.mark.parametrize("body", [{}, {"targetOrganizationId": 5}])
    def test_a_target_is_needed(self, as_alice, shop, body):
        refused = as_alice.post(shop + "/transfer", body)
        assert (refused.status, refused["errors"][0]["param"]) == (422, "targetOrganizationId")

    def test_a_full_target_takes_no_more(self, as_alice, alice, shop):
        home = alice.personal_organization.pk
        for name in ("One", "Two"):
            as_alice.post(f"/organizations/v1/{home}/projects", {"name": name})
        refused = as_alice.post(shop + "/transfer", {"targetOrganizationId": str(home)})
        assert (refused.status, refused["code"]) == (400, "project.limit.reached")


def test_a_version_that_no_database_holds_is_refused(as_alice, shop):
    refused = as_alice.post(shop + "/restart?insforgeOssVersion=%00")
    assert (refused.status, refused["errors"][0]["param"]) == (422, "insforgeOssVersion")


def test_a_project_may_keep_the_type_that_is_no_longer_offered(as_alice, shop):
    InstanceType.objects.filter(name="nano").update(is_offered=False, is_default=False)
    assert as_alice.post(shop + "/upgrade-instance", {"instanceType": "nano"}).status == 200
