"""Regions, types and versions are data: what projects may still do after an operator changed them."""

import base64

import pytest

from partnership.models import InstanceType, Operation, Region, ServiceVersion
from tests.partnership.drivers import Scripted, install, refuses


@pytest.fixture
def withdrawn(shop):
    """Shop's own type and version are no longer offered."""
    InstanceType.objects.filter(name="nano").update(is_offered=False, is_default=False)
    ServiceVersion.objects.filter(name="v2.2.1").update(is_offered=False, is_default=False)
    row = Operation.objects.get().project
    row.service_version = ServiceVersion.objects.get(name="v2.2.1")
    row.save()
    return shop


def test_a_withdrawn_type_is_nobodys_choice_any_more(globex, withdrawn):
    refused = globex.sync("Other", instance_type="nano")
    assert (refused.status, refused["code"]) == (422, "validation_error")
    assert "nano" not in refused["message"]


def test_a_project_may_keep_its_withdrawn_type_and_grow(globex, withdrawn):
    same = globex.post(f"{withdrawn}/upgrade", {"instance_type": "nano"})
    assert (same.status, same["newInstanceType"]) == (200, "nano")
    larger = globex.post(f"{withdrawn}/upgrade", {"instance_type": "nano", "volume_size_gib": 16})
    assert (larger.status, larger["newVolumeSizeGiB"]) == (200, 16)


def test_a_project_may_keep_its_withdrawn_version(globex, withdrawn):
    for body in ({}, {"insforge_oss_version": "v2.2.1"}):
        again = globex.post(f"{withdrawn}/restart", body)
        assert (again.status, again["insforgeOssVersion"]) == (200, "v2.2.1")


@pytest.mark.parametrize(("call", "body"), [("upgrade", {"volume_size_gib": 16}), ("restart", {})])
def test_what_failed_is_tried_again_with_what_the_project_has(globex, withdrawn, monkeypatch, call, body):
    driver = install(monkeypatch, Scripted())
    driver.script = [refuses(is_retryable=False)]
    failed = globex.post(f"{withdrawn}/{call}", body)
    assert failed.status == 503

    again = globex.post(f"operations/{failed['operation_id']}/retry")

    assert again.status == 202


def test_without_a_default_region_one_has_to_be_named(globex):
    Region.objects.update(is_default=False)
    refused = globex.sync()
    assert (refused.status, refused["errors"][0]["param"]) == (422, "region")
    assert globex.sync(region="us-west")["project"]["status"] == "active"


def test_an_external_id_that_no_database_holds_finds_nothing(globex, shop):
    assert globex.get("projects?external_id=%00").body == {"projects": [], "next_cursor": None}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_cursor_before_or_after_all_time_is_refused(globex, shop, at):
    cursor = base64.urlsafe_b64encode(f"{at} {shop}".encode()).decode().rstrip("=")
    refused = globex.get(f"projects?cursor={cursor}")
    assert (refused.status, refused["errors"][0]["param"]) == (422, "cursor")
