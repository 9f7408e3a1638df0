"""What is held of a person: exported whole, erased whole, and kept where bills need it, without the name."""

import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accounts import organizations
from accounts.errors import ApiError
from accounts.mail import Letter, post
from accounts.models import Membership, OutgoingMail, SecurityEvent, User
from config import personal_data
from oauth_provider.models import Registration
from partnership import creation, lifecycle, operations, recovery
from partnership.events import SYSTEM
from partnership.models import Event, Operation, Project
from tests import cast
from tests.partnership.conftest import acme, projects_folder, worker  # noqa: F401
from tests.platform.clients import PlatformClient

NAMES = ("alice@example.com", "alice example", "alice-example", "203.0.113.77")
# Of no person, or not of the one they point to.
OTHERS = {"accounts.User_groups", "accounts.User_user_permissions"}


@pytest.fixture
def olivia(db):
    person = cast.person("olivia@example.com", "Olivia", is_staff=True)
    person.groups.set(Group.objects.filter(name="Owners"))
    return person


def program_of(person, app):
    return PlatformClient(app.tokens_for(person, scope=cast.PRODUCT_SCOPES)["access_token"])


@pytest.fixture
def lived(alice, bob, acme_app, acme, olivia):  # noqa: F811
    """Alice, after a life here: signed in, allowed, invited, linked, made and deleted a project."""
    now = timezone.now()
    browser = Client(REMOTE_ADDR="203.0.113.77")
    browser.post("/accounts/login/", {"login": alice.email, "password": cast.PASSWORD})
    program = program_of(alice, acme_app)
    hers = alice.personal_organization.pk
    project = program.post(f"/organizations/v1/{hers}/projects", {"name": "Shop"})["project"]
    acme.connect(alice.email)
    operations.run_due(timezone.now())
    program.delete(f"/projects/v1/{project['id']}")
    operations.run_due(timezone.now())
    team = organizations.create("Team", owner=bob)
    organizations.invite(team, alice.email, "member", by=bob, now=now)
    Membership.objects.create(organization=team, user=alice, role="member")
    staff = cast.signed_in(olivia)
    form = {"email": alice.email, "name": alice.name, "is_active": "on"}
    staff.post(f"/admin/accounts/user/{alice.pk}/change/", form)
    client = cast.native_application("Tool", user=alice)
    Registration.objects.create(
        application=client, state="pending", asked_by=alice, asked_from="203.0.113.77", asked_at=now, auth_method="none"
    )
    post(alice.email, Letter("Hello", "A text.", "Ignore it."), None, now)
    alice.refresh_from_db()
    return alice


def run(command, *words):
    out = StringIO()
    call_command(command, *words, stdout=out)
    return out.getvalue()


def rows_that_name_her():
    """Table and column of everything, in any table, in which a name of hers stands."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        for row in model._default_manager.values():
            for column, value in row.items():
                text = str(bytes(value) if isinstance(value, memoryview) else value).lower()
                if any(name in text for name in NAMES):
                    found.add(f"{model._meta.label}.{column}")
    return found


def test_every_table_that_points_to_people_is_named(db):
    pointing = {
        relation.related_model._meta.label
        for relation in User._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete
    }
    somebody = User(email="somebody@example.com")
    named = {part.rows(somebody).model._meta.label for part in personal_data.PARTS}

    assert pointing - named == OTHERS


def test_an_export_has_what_was_done_and_opens_nothing(lived):
    held = json.loads(run("export_person", "Alice@example.com"))

    assert list(held) == [part.name for part in personal_data.PARTS]
    assert held["person"][0]["email"] == "alice@example.com"
    for name in ("sessions", "security_events", "memberships", "consents", "refresh_tokens", "partners", "events"):
        assert held[name], name
    assert held["projects"][0]["name"] == "Shop"
    columns = set().union(*(row for name in held for row in held[name]))
    assert not [name for name in columns if re.search("digest|salt|password|secret|session_key|encrypted", name)]


def test_an_erased_person_stands_nowhere_any_more(lived):
    assert rows_that_name_her()

    assert run("erase_person", lived.email).endswith("Erased.\n")

    assert rows_that_name_her() == set()
    assert not OutgoingMail.objects.filter(created_at__gte=timezone.now() - timedelta(hours=1)).exists()


def test_attack_210_an_erasure_leaves_addresses_that_hold_the_erased_one(alice, olivia):
    lice = cast.person("lice@example.com", "Lice")
    for person in (alice, lice):
        form = {"email": person.email, "name": "New name", "is_active": "on"}
        cast.signed_in(olivia).post(f"/admin/accounts/user/{person.pk}/change/", form)

    run("erase_person", lice.email)

    assert set(LogEntry.objects.values_list("object_repr", flat=True)) == {"alice@example.com", "Erased person"}


def test_attack_210_an_erased_address_goes_from_what_staff_did_to_other_things(olivia, alice):
    away = cast.person("a@b\u00fccher.example", "Away")
    team = organizations.create("Team", owner=alice)
    olivia.user_permissions.set(Permission.objects.filter(codename__in=["change_organization", "add_membership"]))
    hers = team.memberships.get()
    rows = {
        "memberships-TOTAL_FORMS": 2,
        "memberships-INITIAL_FORMS": 1,
        "memberships-0-id": hers.pk,
        "memberships-0-organization": team.pk,
        "memberships-0-user": alice.pk,
        "memberships-0-role": "owner",
        "memberships-1-organization": team.pk,
        "memberships-1-user": away.pk,
        "memberships-1-role": "member",
    }
    form = {"name": "Team", "slug": team.slug, "plan": team.plan, **rows}
    cast.signed_in(olivia).post(f"/admin/accounts/organization/{team.pk}/change/", form)
    assert "cher.example" in LogEntry.objects.get().change_message

    run("erase_person", away.email)

    assert "cher.example" not in LogEntry.objects.get().change_message


def test_what_bills_and_audits_are_made_of_stays(lived):
    kept = Project.objects.count(), Event.objects.count()

    run("erase_person", lived.email)

    lived.refresh_from_db()
    assert Project.objects.count() == kept[0]
    assert Event.objects.filter(actor_id=str(lived.pk), actor_name="").exists()
    assert Event.objects.count() == kept[1] + 2  # the cut link, and the erasure
    assert (lived.is_active, lived.has_usable_password(), lived.name) == (False, False, "Erased person")
    assert lived.personal_organization.name == "Erased person"


def test_nothing_that_was_given_out_opens_any_more(alice, acme_app):
    tokens, browser = acme_app.tokens_for(alice), cast.signed_in(alice)

    run("erase_person", alice.email)

    assert acme_app.profile(tokens["access_token"]).status == 401
    assert acme_app.refresh(tokens["refresh_token"]).status == 400
    assert browser.get("/account").status_code == 302


def test_a_dry_run_tells_and_changes_nothing(alice):
    told = json.loads(run("erase_person", alice.email, "--dry-run", "--json"))

    alice.refresh_from_db()
    assert (told["erased"], told["obstacles"], alice.is_active) == (False, [], True)
    assert ["addresses", 1, "deleted"] in told["held"]


def test_nobody_is_left_without_an_owner(alice, bob):
    team = organizations.create("Team", owner=alice)
    Membership.objects.create(organization=team, user=bob, role="member")
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("erase_person", alice.email, stdout=out)

    assert "would have 1 member and no owner" in out.getvalue()
    assert User.objects.filter(email="alice@example.com", is_active=True).exists()


def test_a_live_project_is_seen_to_before(alice, acme_app):
    program = program_of(alice, acme_app)
    program.post(f"/organizations/v1/{alice.personal_organization.pk}/projects", {"name": "Shop"})
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("erase_person", alice.email, stdout=out)

    assert "The project Shop" in out.getvalue()


def deleted_project_of(person) -> Project:
    owner = creation.Owner(Project.Mode.PLATFORM, organization=person.personal_organization)
    project = creation.create_new(owner, creation.Wanted("Shop"), actor=SYSTEM, now=timezone.now())
    operations.run_due(timezone.now())
    lifecycle.change(project, Operation.Type.DELETE, actor=SYSTEM, now=timezone.now())
    operations.run_due(timezone.now())
    project.refresh_from_db()
    return project


def test_what_waits_for_its_purge_does_not_wait_any_longer(alice, settings, tmp_path):
    settings.EMBEDDED_PROJECTS = tmp_path
    project = deleted_project_of(alice)

    run("erase_person", alice.email)

    with pytest.raises(ApiError):
        recovery.begin(project, reason="x", actor=SYSTEM, now=timezone.now())
    assert recovery.purge_due(timezone.now()) == 1
    operations.run_due(timezone.now())
    assert not (tmp_path / str(project.pk)).exists()


def test_what_is_on_its_way_back_is_seen_to_before(alice, settings, tmp_path):
    settings.EMBEDDED_PROJECTS = tmp_path
    recovery.begin(deleted_project_of(alice), reason="x", actor=SYSTEM, now=timezone.now())
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("erase_person", alice.email, stdout=out)

    assert "The project Shop" in out.getvalue()


def test_what_a_colleague_owns_too_waits_on(alice, bob, settings, tmp_path):
    settings.EMBEDDED_PROJECTS = tmp_path
    project = deleted_project_of(alice)
    team = organizations.create("Team", owner=alice)
    Membership.objects.create(organization=team, user=bob, role="owner")
    Project.objects.filter(pk=project.pk).update(organization=team)

    run("erase_person", alice.email)

    assert recovery.recoverable(timezone.now()).get() == project


def test_staff_lose_their_part_first(olivia):
    with pytest.raises(SystemExit):
        call_command("erase_person", olivia.email, stdout=StringIO())


@pytest.mark.parametrize("command", ["export_person", "erase_person"])
def test_an_unknown_address_is_told(db, command):
    with pytest.raises(CommandError, match="Nobody has this address"):
        call_command(command, "nobody@example.com")


def test_owners_export_and_erase_in_the_admin(olivia, alice):
    browser, page = cast.signed_in(olivia), f"/admin/accounts/user/{alice.pk}"

    assert "What is held of this person" in browser.get(f"{page}/change/").content.decode()
    assert "security_events" in browser.get(f"{page}/held/").content.decode() or not alice.security_events.exists()
    exported = browser.post(f"{page}/export/")
    assert exported["Content-Disposition"].startswith("attachment")
    assert exported.json()["person"][0]["email"] == "alice@example.com"
    browser.post(f"{page}/erase/", {"email": "somebody.else@example.com"})
    assert User.objects.filter(email="alice@example.com").exists()
    browser.post(f"{page}/erase/", {"email": "alice@example.com"})
    assert not User.objects.filter(email="alice@example.com").exists()


@pytest.mark.parametrize("part", ["Support", "Operators"])
def test_others_of_staff_neither_see_nor_do_it(olivia, alice, part):
    olivia.groups.set(Group.objects.filter(name=part))
    browser, page = cast.signed_in(olivia), f"/admin/accounts/user/{alice.pk}"

    assert "What is held" not in browser.get(f"{page}/change/").content.decode()
    assert browser.get(f"{page}/held/").status_code == 403
    assert browser.post(f"{page}/export/").status_code == 403
    assert browser.post(f"{page}/erase/", {"email": alice.email}).status_code == 403


def test_an_event_lets_go_of_the_name_and_of_nothing_else(alice, db):
    by_alice, by_partner = (
        Event.objects.create(
            type="t", environment="live", actor_kind=kind, actor_id="1", actor_name="A", occurred_at=timezone.now()
        )
        for kind in ("user", "partner")
    )
    refused = [
        {"type": "u"},
        {"actor_name": "B"},
        {"actor_name": "", "actor_id": "2"},
        {"actor_name": "", "data": {"a": 1}},
    ]

    for change in refused:
        with pytest.raises(DatabaseError), transaction.atomic():
            Event.objects.filter(pk=by_alice.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.filter(pk=by_partner.pk).update(actor_name="")
    assert Event.objects.filter(pk=by_alice.pk).update(actor_name="") == 1


def test_the_audit_trail_is_lines_in_order_of_time(lived):
    today = timezone.now().date().isoformat()

    lines = [json.loads(line) for line in run("export_audit", "--from", today, "--to", today).splitlines()]

    assert {line["source"] for line in lines} == {"event", "security", "admin", "client"}
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert len(lines) >= Event.objects.count() + SecurityEvent.objects.count() + LogEntry.objects.count()


def test_the_audit_trail_begins_and_ends_where_it_is_told(alice):
    SecurityEvent.objects.create(user=alice, kind="signed_in", browser="-", created_at=timezone.now())
    yesterday = (timezone.now() - timedelta(days=1)).date().isoformat()

    assert run("export_audit", "--from", yesterday, "--to", yesterday) == ""
    with pytest.raises(CommandError, match="lies before"):
        call_command("export_audit", "--from", "2026-02-01", "--to", "2026-01-01")
