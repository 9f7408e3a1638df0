"""/account/organizations: members, roles, invitations by mail."""

import pytest
import time_machine
from django.test import Client

from accounts import organizations
from accounts.models import Invitation, Membership
from tests.accounts.steps import mailed_link, subjects
from tests.cast import signed_in


@pytest.fixture
def team(alice):
    return organizations.create("Example Team", owner=alice)


def invite(team, alice, email="bob@example.com", role="member"):
    return signed_in(alice).post(f"/account/organizations/{team.pk}/invite", {"email": email, "role": role})


def roles(team):
    return dict(team.memberships.values_list("user__email", "role"))


def member(team, user):
    return team.memberships.get(user=user).pk


def join(team, alice, bob, role="member"):
    invite(team, alice, role=role)
    return signed_in(bob).post(mailed_link().removeprefix("http://localhost:8000"))


def test_an_owner_makes_an_organization_and_sees_its_plan(alice):
    answer = signed_in(alice).post("/account/organizations", {"name": "  Example Team "})
    text = signed_in(alice).get(answer.headers["Location"]).content.decode()
    assert "<h1>Example Team</h1>" in text
    assert "Free" in text


def test_bob_joins_by_the_link_of_the_mail_and_only_by_its_button(team, alice, bob):
    invite(team, alice)
    link = mailed_link().removeprefix("http://localhost:8000")
    browser = signed_in(bob)
    assert "Join Example Team?" in browser.get(link).content.decode()
    assert "bob@example.com" not in roles(team)
    browser.post(link)
    assert roles(team) == {"alice@example.com": "owner", "bob@example.com": "member"}
    assert browser.post(link).status_code == 404


def test_attack_166_an_invitation_is_for_the_address_it_was_sent_to(team, alice, mallory):
    invite(team, alice)
    link = mailed_link().removeprefix("http://localhost:8000")
    assert signed_in(mallory).post(link).status_code == 404
    assert roles(team) == {"alice@example.com": "owner"}


def test_an_invitation_ends_after_seven_days(team, alice, bob):
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        invite(team, alice)
    with time_machine.travel("2026-01-08T12:00:00Z", tick=False):
        assert signed_in(bob).post(mailed_link().removeprefix("http://localhost:8000")).status_code == 404


def test_a_second_invitation_replaces_the_first(team, alice, bob):
    invite(team, alice)
    first = mailed_link().removeprefix("http://localhost:8000")
    invite(team, alice, email="BOB@example.com", role="owner")
    assert signed_in(bob).post(first).status_code == 404
    assert Invitation.objects.count() == 1


def test_only_the_digest_of_a_link_is_kept(team, alice):
    invite(team, alice)
    token = mailed_link().rpartition("/")[2]
    stored = bytes(Invitation.objects.get().digest)
    assert len(stored) == 32
    assert token.encode() not in stored


def test_an_open_invitation_is_withdrawn(team, alice, bob):
    invite(team, alice)
    number = Invitation.objects.get().pk
    signed_in(alice).post(f"/account/organizations/{team.pk}/invitations/{number}/withdraw")
    assert signed_in(bob).post(mailed_link().removeprefix("http://localhost:8000")).status_code == 404


def test_the_last_owner_can_not_leave_nor_step_down(team, alice, bob):
    join(team, alice, bob)
    base = f"/account/organizations/{team.pk}/members/{member(team, alice)}"
    assert signed_in(alice).post(f"{base}/remove").status_code == 409
    assert signed_in(alice).post(f"{base}/role", {"role": "member"}).status_code == 409
    assert roles(team)["alice@example.com"] == "owner"


def test_an_owner_leaves_once_there_is_another(team, alice, bob):
    join(team, alice, bob, role="owner")
    signed_in(alice).post(f"/account/organizations/{team.pk}/members/{member(team, alice)}/remove")
    assert roles(team) == {"bob@example.com": "owner"}


def test_bob_leaves_but_removes_and_invites_nobody(team, alice, bob):
    join(team, alice, bob)
    browser, base = signed_in(bob), f"/account/organizations/{team.pk}"
    assert browser.post(f"{base}/members/{member(team, alice)}/remove").status_code == 403
    assert browser.post(f"{base}/members/{member(team, bob)}/role", {"role": "owner"}).status_code == 403
    assert browser.post(f"{base}/invite", {"email": "m@example.com", "role": "owner"}).status_code == 403
    assert "Send invitation" not in browser.get(base).content.decode()
    browser.post(f"{base}/members/{member(team, bob)}/remove")
    assert roles(team) == {"alice@example.com": "owner"}


def test_to_mallory_the_organization_is_as_absent_as_one_that_never_was(team, mallory):
    browser = signed_in(mallory)
    never = "00000000-0000-4000-8000-000000000000"
    for path in ("", "/invite"):
        answers = [browser.get(f"/account/organizations/{each}{path}") for each in (team.pk, never)]
        if path:
            answers = [browser.post(f"/account/organizations/{each}{path}") for each in (team.pk, never)]
        assert [answer.status_code for answer in answers] == [404, 404]


def test_a_personal_organization_takes_nobody_else(alice):
    personal = alice.personal_organization
    assert invite(personal, alice).status_code == 409
    number = member(personal, alice)
    answer = signed_in(alice).post(f"/account/organizations/{personal.pk}/members/{number}/remove")
    assert answer.status_code == 409
    assert subjects() == []


def test_a_stranger_is_sent_to_sign_in_and_back_to_the_invitation(team, alice):
    invite(team, alice)
    link = mailed_link().removeprefix("http://localhost:8000")
    assert Client().get(link).headers["Location"] == f"/accounts/login/?next={link}"
    assert Membership.objects.filter(organization=team).count() == 1
