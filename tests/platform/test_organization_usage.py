"""GET /usage/v1/organizations/:id (platform.md): what an organization used, for its members."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import Organization
from partnership import lifecycle
from partnership.events import SYSTEM
from partnership.models import Project
from usage.metrics import METRICS
from usage.sql_store import store
from usage.store import Recorded, Sender, Verdict


@pytest.fixture
def project(shop):
    return Project.objects.get(pk=shop.rpartition("/")[2])


@pytest.fixture
def use(project):
    count = iter(range(100))

    def use(at=None, **amounts):
        event = Recorded("/edge", f"e{next(count)}", UUID(str(project.pk)), at or timezone.now(), amounts)
        assert store.record(Sender(1, project.environment), [event], store.clock()) == [Verdict.ACCEPTED]

    return use


def read(client, organization, **query):
    return client.get(f"/usage/v1/organizations/{organization}?{urlencode(query)}")


@pytest.mark.contract("platform.md", "Usage", "organization")
@pytest.mark.contract("usage.md", "Reads", "organization")
def test_the_figures_of_an_organization(as_alice, team, project, use):
    use(database_size_bytes=1048576, egress_bytes=5, ai_tokens=7)

    body = read(as_alice, team.pk).body

    assert body["organization"] == {"id": str(team.pk), "name": "Alice and Bob", "price_plan": "free"}
    zeros = dict.fromkeys((metric.total_name for metric in METRICS.values()), 0)
    assert body["usage_summary"] == zeros | {"database_bytes": 1048576, "egress_bytes": 5, "ai_tokens": 7}
    sizes = {"database_bytes": 1048576, "storage_bytes": 0, "egress_bytes": 5}
    assert body["projects"] == [{"id": str(project.pk), "name": "Shop", "status": "active", **sizes}]
    assert body["_meta"]["requested_at"].endswith("Z")


def test_what_a_project_used_before_it_was_made_is_in_the_total_and_in_the_list(as_alice, team, project, use):
    day = timezone.now() - timedelta(days=3)
    use(at=day, egress_bytes=5)

    body = read(as_alice, team.pk, start_date=day.date(), end_date=day.date()).body

    listed = [(row["id"], row["egress_bytes"]) for row in body["projects"]]
    assert (body["usage_summary"]["egress_bytes"], listed) == (5, [(str(project.pk), 5)])


def test_bob_reads_mallory_does_not(as_bob, as_mallory, stranger, team, shop):
    assert read(as_bob, team.pk).status == 200
    assert (read(as_mallory, team.pk).status, read(as_mallory, team.pk)["code"]) == (404, "organization_not_found")
    assert read(stranger, team.pk).status == 401


def test_a_token_for_less_is_refused(token_of, alice, team):
    refused = read(token_of(alice, "organizations:read"), team.pk)
    assert (refused.status, refused["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("query", [{"start_date": "yesterday"}, {"group_by": "project"}])
def test_a_wrong_parameter_is_named(as_alice, team, query):
    refused = read(as_alice, team.pk, **query)
    assert (refused.status, refused["errors"][0]["param"]) == (422, next(iter(query)))


def test_no_uuid_is_not_found(as_alice):
    assert read(as_alice, "4711").status == 404


def test_trap_26_a_day_is_its_owners_who_had_the_project_at_the_end_of_it(as_alice, alice, team, project, use):
    """Sum of all owners = sum of all projects, on every day."""
    Project.objects.update(created_at=datetime.now(UTC) - timedelta(days=5))
    project.tenures.update(from_at=datetime.now(UTC) - timedelta(days=5))
    use(timezone.now() - timedelta(days=2), ai_tokens=10, database_size_bytes=100)
    use(timezone.now(), ai_tokens=3)
    home = Organization.objects.get(personal_of=alice)
    project.refresh_from_db()

    lifecycle.transfer(project, home, actor=SYSTEM, now=timezone.now())

    before, after = read(as_alice, team.pk)["usage_summary"], read(as_alice, home.pk)["usage_summary"]
    assert (before["ai_tokens"], after["ai_tokens"]) == (10, 3)
    assert (before["database_bytes"], after["database_bytes"]) == (100, 100)
    assert [row["name"] for row in read(as_alice, team.pk)["projects"]] == ["Shop"]
    now = timezone.now().date().isoformat()
    today = {"start_date": now, "end_date": now}
    assert read(as_alice, team.pk, **today)["usage_summary"]["ai_tokens"] == 0
