"""partnership.md, "Co-branded": people who know the platform, linked by their address."""

import re

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from accounts.models import Organization, User
from partnership import connections
from partnership.events import Actor
from partnership.models import Connection, Project
from tests.cast import signed_in
from tests.post import letters

NOBODYS = "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11"


@pytest.mark.contract("partnership.md", "Co-branded", "POST `connect-user`")
def test_a_new_person_gets_an_account_and_an_organization(acme):
    answer = acme.post("connect-user", {"name": "Carol", "email": " Carol@Example.com "})

    carol = User.objects.get()
    assert (answer.status, answer.body) == (200, {"account": {"id": str(carol.pk)}})
    assert (carol.email, carol.has_usable_password()) == ("carol@example.com", False)
    assert Organization.objects.filter(personal_of=carol).exists()
    assert [mail.to for mail in letters()] == [["carol@example.com"]]


def test_a_known_person_is_linked_and_told(acme, alice):
    known = acme.post("connect-user", {"name": "Somebody", "email": "ALICE@example.com"})
    assert known.body == {"account": {"id": str(alice.pk)}}
    assert "Acme" in letters()[0].subject
    assert acme.connect() == str(alice.pk)
    assert len(letters()) == 1


@pytest.mark.parametrize(
    ("body", "params"),
    [
        ({}, ["name", "email"]),
        ({"name": "A", "email": "a@b.example"}, ["name"]),
        ({"name": "Alice", "email": "nobody"}, ["email"]),
        ({"name": "Alice", "email": 7}, ["email"]),
        ({"name": "Alice", "email": "a@b.example\nBcc: x@y.example"}, ["email"]),
        ({"name": "Al\0ce", "email": "a" * 250 + "@b.example"}, ["name", "email"]),
    ],
)
def test_bad_people_are_refused_by_parameter(acme, body, params):
    refused = acme.post("connect-user", body)
    assert (refused.status, [error["param"] for error in refused["errors"]]) == (422, params)
    assert not User.objects.exists()


@pytest.mark.contract("partnership.md", "Co-branded", "POST `:userId/sync-project`")
def test_sync_makes_the_project_in_the_persons_organization(acme, alice):
    user_id = acme.connect()
    first = acme.sync_for(user_id, " Shop ")
    assert (first.status, first["success"]) == (200, True)
    assert set(first["project"]) == {"id", "access_host", "api_key", "status"}
    assert acme.sync_for(user_id, "Shop")["project"]["id"] == first["project"]["id"]
    project = Project.objects.get()
    assert (project.user, project.organization.personal_of) == (alice, alice)


@pytest.mark.contract("partnership.md", "Co-branded", "GET `:userId/:projectId/metadata`")
def test_metadata(acme, alice):
    user_id = acme.connect()
    project = acme.sync_for(user_id)["project"]
    assert acme.get(f"{user_id}/{project['id']}/metadata").body == {"project": project}


@pytest.mark.contract("partnership.md", "Co-branded", "Plan limit")
def test_the_plan_limit_is_a_200_that_deployed_partners_read(acme, alice):
    user_id = acme.connect()
    made = [acme.sync_for(user_id, name)["project"] for name in ("One", "Two")]

    full = acme.sync_for(user_id, "Three")

    assert (full.status, full["success"], full["code"]) == (200, False, "project_limit_reached")
    assert full["message"] == (
        "Free plan allows up to 2 active projects. Please upgrade your plan to create more projects."
    )
    assert sorted(full["candidate_projects"], key=str) == sorted(made, key=str)
    assert acme.sync_for(user_id, "One")["success"] is True


def test_candidates_are_only_what_this_partner_made(acme, globex, alice):
    globex.partner.is_co_branded = True
    globex.partner.save()
    for partner, name in ((acme, "One"), (globex, "Two")):
        partner.sync_for(partner.connect(), name)

    full = globex.sync_for(globex.connect(), "Three")

    assert len(full["candidate_projects"]) == 1
    assert Project.objects.get(pk=full["candidate_projects"][0]["id"]).name == "Two"


def test_attack_162_two_partners_never_share_a_project(acme, globex, alice):
    globex.partner.is_co_branded = True
    globex.partner.save()
    mine, theirs = acme.sync_for(acme.connect())["project"], globex.sync_for(globex.connect())["project"]
    assert mine["id"] != theirs["id"]
    assert globex.get(f"{alice.pk}/{mine['id']}/metadata")["code"] == "project_not_found"


@pytest.mark.contract("partnership.md", "Errors", "user_not_found")
@pytest.mark.parametrize("user_id", [NOBODYS, "me", "%00"])
def test_people_who_are_not_linked_are_not_found(acme, alice, user_id):
    for path in (f"{user_id}/sync-project", f"{alice.pk}/sync-project"):
        missing = acme.post(path, {"project_name": "Shop"})
        assert (missing.status, missing["code"]) == (404, "user_not_found")


@pytest.mark.contract("partnership.md", "Co-branded", "cut the link")
def test_attack_161_a_cut_link_ends_everything_but_the_id(acme, alice):
    user_id = acme.connect()
    project = acme.sync_for(user_id)["project"]
    signed_in(alice).post(f"/account/apps/partners/{acme.partner.pk}/cut")

    assert acme.sync_for(user_id)["code"] == "user_not_found"
    assert acme.get(f"{user_id}/{project['id']}/metadata")["code"] == "user_not_found"
    assert acme.get("projects")["projects"] == []
    assert acme.post(f"{project['id']}/rotate-api-key")["code"] == "project_not_found"
    assert acme.connect() == user_id
    assert acme.sync_for(user_id)["code"] == "user_not_found"
    assert Project.objects.get().status == "active"


def test_alice_agrees_again_by_the_mail(acme, alice):
    user_id = acme.connect()
    signed_in(alice).post(f"/account/apps/partners/{acme.partner.pk}/cut")
    acme.connect()
    acme.connect()
    assert len(letters()) == 2
    link = re.search(r"http://localhost:8000(/account/apps/agree/\S+)", letters()[1].body)[1]

    browser = Client()
    assert b"Link Acme to your account again?" in browser.get(link).content
    assert acme.sync_for(user_id).status == 404
    assert browser.post(link).status_code == 200

    assert acme.sync_for(user_id).status == 200
    assert browser.post(link).status_code == 404


def test_a_link_whose_fact_is_not_written_stays_cut(acme, alice):
    acme.connect()
    signed_in(alice).post(f"/account/apps/partners/{acme.partner.pk}/cut")
    link = Connection.objects.get()

    with pytest.raises(IntegrityError):
        connections.agree(link, actor=Actor("nobody"), now=timezone.now())

    assert Connection.objects.get().cut_at == link.cut_at


def test_mallory_cannot_cut_alices_link(acme, alice, mallory):
    user_id = acme.connect()
    assert signed_in(mallory).post(f"/account/apps/partners/{acme.partner.pk}/cut").status_code == 404
    assert acme.sync_for(user_id).status == 200


def test_alice_sees_her_partners_beside_her_apps(acme, alice):
    acme.sync_for(acme.connect(), "Shop")
    page = signed_in(alice).get("/account/apps").content.decode()
    assert "Partners" in page
    assert "Acme" in page
    assert "Shop" in page


def test_a_renamed_project_is_still_found_by_the_partners_name(acme, alice):
    user_id = acme.connect()
    first = acme.sync_for(user_id, "Shop")["project"]["id"]
    Project.objects.update(name="Alice's own name")
    assert acme.sync_for(user_id, "Shop")["project"]["id"] == first


def test_attack_168_the_link_belongs_to_the_person_not_to_the_address(acme, alice):
    user_id = acme.connect()
    alice.is_active = False
    alice.save()
    assert acme.sync_for(user_id)["code"] == "user_not_found"
    assert Connection.objects.get().cut_at is None
