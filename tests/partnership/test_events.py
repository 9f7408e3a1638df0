"""partnership.md, "Beyond the published contract": the partner's own audit log."""

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from partnership import events
from partnership.events import Actor
from partnership.models import Event, Project
from tests.partnership.clients import PartnerClient, add_secret

EVENTS = pytest.mark.contract("partnership.md", "Beyond the published contract", "GET `events?cursor=`")


@EVENTS
def test_an_event_says_who_did_what_when(globex, shop):
    globex.post(f"{shop}/pause", **{"X-Request-Id": "globex:9"})
    newest, asked = globex.get("events?limit=2")["events"]
    assert (newest["type"], asked["type"]) == ("project.paused", "project.pause_requested")
    assert newest["actor"] == {"kind": "partner", "id": globex.partner.pk, "name": "default"}
    assert (newest["request_id"], newest["project_id"]) == ("globex:9", shop)
    assert newest["occurred_at"].endswith("Z")
    assert "ik_" not in str(newest)


@EVENTS
def test_events_come_in_pages_without_gap_or_double(globex, time_machine):
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)  # all at one instant
    for number in range(7):
        record(globex, f"test.{number}")
    seen, cursor = [], ""
    while cursor is not None:
        page = globex.get(f"events?limit=3&cursor={cursor}")
        seen += [each["type"] for each in page["events"]]
        cursor = page["next_cursor"]
    assert seen == [f"test.{number}" for number in range(6, -1, -1)]


def test_others_and_the_other_environment_are_not_shown(globex, globex_test, acme, shop):
    assert globex_test.get("events")["events"] == []
    assert acme.get("events")["events"] == []
    assert globex.get("events")["events"] != []


def test_our_staff_have_no_names(globex):
    record(globex, "test.staff", Actor("staff", "7", "ops@house.example"))
    (told,) = globex.get("events")["events"]
    assert told["actor"] == {"kind": "staff", "id": None, "name": None}


@pytest.mark.parametrize(("scopes", "status"), [("projects:read", 200), ("webhooks:write usage:read", 403)])
def test_the_log_needs_the_scope_to_read(globex, scopes, status):
    add_secret(globex.partner, "gps_" + "r" * 43, scopes=scopes)
    assert PartnerClient(globex.partner, "gps_" + "r" * 43).get("events").status == status


def test_attack_159_an_event_stays_as_it_was_written(globex, shop):
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.update(type="project.nothing")
    with pytest.raises(TypeError):
        Event.objects.first().delete()


def test_a_fact_has_one_event(globex, shop):
    globex.post(f"{shop}/pause")
    globex.post(f"{shop}/pause")
    assert Event.objects.filter(type="project.paused", project=Project.objects.get()).count() == 1


def record(owner, type_, actor=events.SYSTEM):
    return events.record(type_, owner.partner, "live", actor=actor, now=timezone.now())
