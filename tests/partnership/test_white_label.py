"""partnership.md, "White-label": projects whose people know only the partner."""

import pytest

from partnership.models import Operation, Project

NOBODYS = "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11"


@pytest.mark.contract("partnership.md", "White-label", "POST `sync-embedded-project`")
def test_sync_makes_an_active_project(globex):
    answer = globex.sync("  Shop ")

    project = answer["project"]
    assert (answer.status, answer["success"], project["status"]) == (200, True, "active")
    assert set(project) == {"id", "access_host", "api_key", "status"}
    assert project["api_key"].startswith("ik_")
    row = Project.objects.get(pk=project["id"])
    assert project["access_host"] == f"https://{row.appkey}.us-east.example.app"
    assert (row.name, row.instance_type_id, row.volume_size_gib) == ("Shop", "nano", 8)
    assert answer.headers["Cache-Control"] == "no-store"


def test_sync_again_gives_the_same_project(globex, shop):
    again = globex.sync(" Shop", region="eu-central", instance_type="small")
    assert again["project"]["id"] == shop
    assert globex.get(f"{shop}/metadata")["project"]["region"] == "us-east"
    assert globex.sync("shop")["project"]["id"] != shop


def test_an_external_id_finds_its_project_under_another_name(globex):
    first = globex.sync("One", external_id="crm-7")["project"]["id"]
    assert globex.sync("Two", external_id="crm-7")["project"]["id"] == first
    assert globex.sync("One", external_id="crm-8")["project"]["id"] != first


@pytest.mark.contract("partnership.md", "White-label", "aliases")
def test_a_region_may_go_by_an_alias(globex):
    project = globex.sync(region="eu-west", instance_type="16xl")["project"]
    assert globex.get(f"{project['id']}/metadata")["project"]["region"] == "eu-central"


@pytest.mark.contract("partnership.md", "Errors", "validation_error")
@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "project_name"),
        ({"project_name": "x"}, "project_name"),
        ({"project_name": "x" * 101}, "project_name"),
        ({"project_name": 12}, "project_name"),
        ({"project_name": "a\0b"}, "project_name"),
        ({"project_name": "a\ud800b"}, "project_name"),
        ({"project_name": "Shop", "region": "mars"}, "region"),
        ({"project_name": "Shop", "region": ["us-east"]}, "region"),
        ({"project_name": "Shop", "instance_type": "huge"}, "instance_type"),
        ({"project_name": "Shop", "external_id": ""}, "external_id"),
        ({"project_name": "Shop", "external_id": "x" * 256}, "external_id"),
    ],
)
def test_what_is_not_allowed_is_named(globex, body, param):
    refused = globex.post("sync-embedded-project", body)

    assert (refused.status, refused["code"]) == (422, "validation_error")
    assert [error["param"] for error in refused["errors"]] == [param]
    assert not Project.objects.exists()


def test_a_422_lists_what_is_allowed(globex):
    message = globex.sync(region="mars")["errors"][0]["message"]
    for name in ("us-east", "us-west", "ap-southeast", "eu-central", "eu-west"):
        assert name in message


@pytest.mark.contract("partnership.md", "White-label", "GET `:projectId/metadata`")
def test_metadata(globex, shop):
    project = globex.get(f"{shop}/metadata")["project"]
    assert set(project) == {"id", "access_host", "api_key", "region", "instance_type", "last_activity_at", "status"}
    assert project["last_activity_at"] is None


@pytest.mark.contract("partnership.md", "White-label", "POST `:projectId/pause`")
@pytest.mark.contract("partnership.md", "White-label", "POST `:projectId/restore`")
def test_pause_and_restore(globex, shop):
    paused = globex.post(f"{shop}/pause")
    assert (paused.status, paused["project"]) == (200, {"id": shop, "status": "paused"})
    assert paused.headers["Location"] == f"{globex.base}/operations/{paused['operation_id']}"
    assert paused.headers["Retry-After"] == "0"
    again = globex.post(f"{shop}/pause")
    assert (again.status, again.body) == (200, {"project": {"id": shop, "status": "paused"}})

    restored = globex.post(f"{shop}/restore", {"wait_for_completion": True})
    assert (restored.status, restored["project"]["status"]) == (200, "active")
    assert globex.post(f"{shop}/restore")["project"]["status"] == "active"


def test_a_pause_that_still_runs_says_so(globex, shop, no_worker):
    soon = globex.post(f"{shop}/pause")
    assert (soon.status, soon["project"]["status"], soon["project"]["operation_status"]) == (200, "active", "pausing")
    later = globex.post(f"{shop}/pause", {"wait_for_completion": True})
    assert (later.status, later["operation_id"]) == (202, soon["operation_id"])
    assert later.headers["Retry-After"]


@pytest.mark.contract("partnership.md", "Errors", "operation_in_progress")
@pytest.mark.contract("partnership.md", "White-label", "operation_in_progress")
def test_one_operation_at_a_time(globex, shop, no_worker):
    running = globex.post(f"{shop}/pause")["operation_id"]
    for refused in (
        globex.post(f"{shop}/restart"),
        globex.post(f"{shop}/upgrade", {"instance_type": "small"}),
        globex.delete(shop),
        globex.post(f"{shop}/restore"),
    ):
        assert (refused.status, refused["code"], refused["operation_id"]) == (409, "operation_in_progress", running)


@pytest.mark.contract("partnership.md", "White-label", "POST `:projectId/upgrade`")
def test_upgrade(globex, shop):
    answer = globex.post(f"{shop}/upgrade", {"instance_type": "small", "volume_size_gib": 20})
    assert {name: answer[name] for name in answer.body if name != "operation_id"} == {
        "message": "Project upgrade initiated",
        "previousInstanceType": "nano",
        "newInstanceType": "small",
        "previousVolumeSizeGiB": 8,
        "newVolumeSizeGiB": 20,
    }
    assert globex.get(f"{shop}/metadata")["project"]["instance_type"] == "small"


def test_an_upgrade_to_the_same_type_does_nothing(globex, shop):
    count = Operation.objects.count()
    answer = globex.post(f"{shop}/upgrade", {"instance_type": "nano"})
    assert (answer.status, answer["newInstanceType"], Operation.objects.count()) == (200, "nano", count)


@pytest.mark.contract("partnership.md", "Errors", "volume_shrink_refused")
@pytest.mark.parametrize("size", [8, 7, 1])
def test_a_volume_only_grows(globex, shop, size):
    refused = globex.post(f"{shop}/upgrade", {"volume_size_gib": size})
    assert (refused.status, refused["code"]) == (422, "volume_shrink_refused")
    assert refused["errors"][0]["param"] == "volume_size_gib"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "instance_type"),
        ({"instance_type": None}, "instance_type"),
        ({"instance_type": "huge"}, "instance_type"),
        ({"volume_size_gib": "20"}, "volume_size_gib"),
        ({"volume_size_gib": 20.0}, "volume_size_gib"),
        ({"volume_size_gib": True}, "volume_size_gib"),
        ({"volume_size_gib": 0}, "volume_size_gib"),
        ({"volume_size_gib": 10**30}, "volume_size_gib"),
        ({"volume_size_gib": 99_999}, "volume_size_gib"),
        ({"instance_type": "small", "wait_for_completion": "true"}, "wait_for_completion"),
    ],
)
def test_what_upgrade_refuses(globex, shop, body, param):
    refused = globex.post(f"{shop}/upgrade", body)
    assert (refused.status, refused["errors"][0]["param"]) == (422, param)
    assert globex.get(f"{shop}/metadata")["project"]["instance_type"] == "nano"


@pytest.mark.contract("partnership.md", "White-label", "POST `:projectId/restart`")
@pytest.mark.contract("partnership.md", "White-label", "POST `:projectId/restart`")
def test_restart_with_and_without_a_version(globex, shop):
    stays = globex.post(f"{shop}/restart")
    assert (stays.status, stays["message"], stays["insforgeOssVersion"]) == (200, "Project restart initiated", "v2.2.1")
    moved = globex.post(f"{shop}/restart", {"insforge_oss_version": "v2.2.3"})
    assert moved["insforgeOssVersion"] == "v2.2.3"
    assert globex.post(f"{shop}/restart")["insforgeOssVersion"] == "v2.2.3"
    unknown = globex.post(f"{shop}/restart", {"insforge_oss_version": "v9"})
    assert (unknown.status, unknown["errors"][0]["param"]) == (422, "insforge_oss_version")


@pytest.mark.contract("partnership.md", "White-label", "DELETE `:projectId`")
@pytest.mark.contract("partnership.md", "White-label", "DELETE `:projectId`")
def test_delete_and_delete_again(globex, shop, projects_folder, settings):
    settings.RECOVERY_DAYS = 0
    assert (projects_folder / shop).is_dir()
    for _ in range(2):
        gone = globex.delete(shop)
        assert (gone.status, gone["message"]) == (200, "Project deleted successfully")
        assert gone["requestId"] == gone.headers["X-Request-Id"]
    assert not (projects_folder / shop).exists()
    assert globex.get(f"{shop}/metadata")["code"] == "project_not_found"
    assert globex.post(f"{shop}/pause").status == 404
    assert globex.sync()["project"]["id"] != shop


def test_a_project_being_deleted_is_gone_at_once(globex, shop, no_worker):
    first = globex.delete(shop)
    assert globex.get(f"{shop}/metadata").status == 404
    assert globex.post(f"{shop}/pause").status == 404
    assert globex.delete(shop)["operation_id"] == first["operation_id"]
    assert globex.sync()["code"] == "operation_in_progress"


def test_a_paused_project_takes_no_upgrade_restart_or_code(globex, shop):
    globex.post(f"{shop}/pause")
    for path, body in (("upgrade", {"instance_type": "small"}), ("restart", {}), ("authorization", {})):
        refused = globex.post(f"{shop}/{path}", body)
        assert (refused.status, refused["code"]) == (409, "invalid_state")


@pytest.mark.contract("partnership.md", "Errors", "project_not_found")
@pytest.mark.parametrize("project", [NOBODYS, "not-a-uuid", NOBODYS.upper(), "%00", "a" * 500])
@pytest.mark.parametrize("call", ["metadata", "pause", "restore", "restart", "authorization", "rotate-api-key"])
def test_unknown_ids_are_not_found(globex, project, call):
    missing = globex.get(f"{project}/{call}") if call == "metadata" else globex.post(f"{project}/{call}")
    assert (missing.status, missing["code"]) == (404, "project_not_found")
    assert globex.delete(project).status == 404


def test_another_partners_project_is_as_unknown(globex, shop, acme):
    acme.partner.is_white_label = True
    acme.partner.save()
    for missing in (acme.get(f"{shop}/metadata"), acme.post(f"{shop}/pause"), acme.delete(shop)):
        assert (missing.status, missing["code"]) == (404, "project_not_found")
    assert globex.get(f"{shop}/metadata")["project"]["status"] == "active"


@pytest.mark.contract("partnership.md", "Beyond the published contract", "Test environment")
@pytest.mark.contract("partnership.md", "Beyond the published contract", "Test environment")
def test_the_test_environment_is_a_world_of_its_own(globex, globex_test, shop, projects_folder):
    twin = globex_test.sync()["project"]
    assert (twin["status"], twin["simulated"]) == ("active", True)
    assert twin["id"] != shop
    assert not (projects_folder / twin["id"]).exists()
    assert globex_test.get(f"{shop}/metadata").status == 404
    assert globex.get(f"{twin['id']}/metadata").status == 404
    assert globex_test.post(f"{twin['id']}/pause")["project"]["status"] == "paused"
