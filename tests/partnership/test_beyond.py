"""partnership.md, "Beyond the published contract": lists, catalog, events, keys."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partnership.models import Event, ProjectKey, Region

BEYOND = ("partnership.md", "Beyond the published contract")


@pytest.mark.contract("README.md", "Rules for all of them", "9")
@pytest.mark.contract(*BEYOND, "GET `projects?status=&external_id=&limit=&cursor=`")
def test_projects_come_in_pages_newest_first(globex):
    ids = [globex.sync(f"Shop {number}")["project"]["id"] for number in range(5)]
    seen, cursor = [], ""
    for _ in range(3):
        page = globex.get(f"projects?limit=2&cursor={cursor}")
        seen += [project["id"] for project in page["projects"]]
        cursor = page["next_cursor"] or ""
    assert (seen, cursor) == (ids[::-1], "")
    assert "api_key" not in str(page.body)


def test_projects_are_found_by_status_and_external_id(globex, shop):
    other = globex.sync("Other", external_id="crm-7")["project"]["id"]
    globex.post(f"{shop}/pause")
    assert [p["id"] for p in globex.get("projects?status=paused")["projects"]] == [shop]
    assert [p["id"] for p in globex.get("projects?external_id=crm-7")["projects"]] == [other]
    assert globex.get("projects?external_id=none").body == {"projects": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("status=gone", "status"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=two", "limit"),
        ("limit=-1", "limit"),
        ("limit=%D9%A1", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=MjAyNi0wMS0wMSBub25l", "cursor"),
        ("cursor=OTk5OTk5OTk5", "cursor"),
    ],
)
def test_bad_queries_name_the_parameter(globex, query, param):
    refused = globex.get(f"projects?{query}")
    assert (refused.status, refused["errors"][0]["param"]) == (422, param)


def test_a_both_modes_partner_lists_both(globex, alice):
    globex.partner.is_co_branded = True
    globex.partner.save()
    globex.sync()
    globex.sync_for(globex.connect())
    listed = globex.get("projects")["projects"]
    assert [(p["mode"], p["user_id"]) for p in listed] == [("co_branded", str(alice.pk)), ("white_label", None)]


@pytest.mark.contract(*BEYOND, "GET `catalog`")
def test_the_catalog_says_what_may_be_chosen(globex):
    catalog = globex.get("catalog")
    assert [r["name"] for r in catalog["regions"]] == ["us-east", "us-west", "ap-southeast", "eu-central"]
    assert catalog["regions"][3]["aliases"] == ["eu-west"]
    assert catalog["regions"][0]["can"] == ["pause", "resize", "restart", "restore"]
    assert [t["name"] for t in catalog["instance_types"]][::9] == ["nano", "16xl"]
    assert catalog["volumes"]["first_size_gib"] == 8
    assert [v["name"] for v in catalog["versions"]] == ["v2.2.1", "v2.2.3"]
    assert catalog["limits"]["requests_per_minute"] == 600


def test_what_an_operator_takes_away_is_refused_for_new_projects_alone(globex, shop):
    Region.objects.filter(name="us-west").update(is_offered=False)
    assert globex.sync("West", region="us-west").status == 422
    assert "us-west" not in str(globex.get("catalog").body)


@pytest.mark.contract(*BEYOND, "GET `events?cursor=`")
def test_events_tell_who_did_what_when(globex, acme, shop):
    globex.post(f"{shop}/pause", **{"X-Request-Id": "globex:9"})
    newest = globex.get("events?limit=1")["events"][0]
    assert (newest["type"], newest["project_id"], newest["request_id"]) == ("project.paused", shop, "globex:9")
    assert newest["actor"] == {"kind": "partner", "id": globex.partner.pk, "name": "default"}
    assert acme.get("events")["events"] == []


def test_events_come_in_pages(globex, shop):
    seen, cursor = [], ""
    while True:
        page = globex.get(f"events?limit=1&cursor={cursor}")
        seen += [event["id"] for event in page["events"]]
        if not (cursor := page["next_cursor"]):
            break
    assert seen == [str(each) for each in Event.objects.order_by("-id").values_list("uuid", flat=True)]


@pytest.mark.contract(*BEYOND, "POST `:projectId/rotate-api-key`")
def test_an_api_key_rotates_with_an_overlap(globex, shop):
    old = globex.get(f"{shop}/metadata")["project"]["api_key"]
    rotated = globex.post(f"{shop}/rotate-api-key", {"overlap_seconds": 60})["project"]
    assert rotated["api_key"] != old
    assert globex.get(f"{shop}/metadata")["project"]["api_key"] == rotated["api_key"]
    ends_at = ProjectKey.objects.get(expires_at__isnull=False).expires_at
    assert timedelta(seconds=50) < ends_at - timezone.now() <= timedelta(seconds=60)


@pytest.mark.parametrize("overlap", [-1, "60", 30 * 86_400 + 1, True])
def test_an_overlap_is_0_to_30_days(globex, shop, overlap):
    refused = globex.post(f"{shop}/rotate-api-key", {"overlap_seconds": overlap})
    assert (refused.status, refused["errors"][0]["param"]) == (422, "overlap_seconds")
    assert ProjectKey.objects.count() == 1
