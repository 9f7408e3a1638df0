"""People that reach for what is another's, by every route with an id (docs/attacks.md, rows 142 to 145)."""

import json
import re

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from accounts import organizations
from accounts.models import Invitation, Membership, User
from partnership.models import Project
from tests.cast import PASSWORD, signed_in
from tests.contract.routes import STRANGERS, all_routes
from tests.everything import everything
from tests.platform.test_projects import READS, WRITES

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# What a page does with a token out of a mail has tests of its own: the token is the proof.
PAGES = [
    route
    for route in sorted(set(all_routes()))
    if re.match(r"account/(organizations|security|apps)/.*<", route) and "<str:token>" not in route
]
API = [
    route
    for route in sorted(set(all_routes()))
    if re.match(r"(organizations|projects|usage)/v1/.*<", route) or route == "organizations/v1"
]
NOBODYS = {
    "organization_id": "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11",
    "project_id": "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11",
}
BODIES = {suffix: body for _, suffix, body in [*READS, *WRITES] if body}
FOREIGN_FORM = {
    "is_staff": "on",
    "is_superuser": "on",
    "is_active": "",
    "email": "boss@example.com",
    "credentials_epoch": "0",
    "password": "another good password",
    "role": "owner",
    "plan": "enterprise",
    "type": "personal",
    "id": NOBODYS["organization_id"],
    "user": NOBODYS["organization_id"],
    "groups": "1",
}


@pytest.fixture
def ids(alice, team, shop, acme, acme_app):
    """The ids of what is alice's, by their names in the routes."""
    acme.connect()
    acme_app.tokens_for(alice)
    Client().post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    organizations.invite(team, "carol@example.com", "member", by=alice, now=timezone.now())
    return {
        "organization_id": team.pk,
        "project_id": Project.objects.get().pk,
        "membership_id": Membership.objects.get(user=alice, organization=team).pk,
        "invitation_id": Invitation.objects.get().pk,
        "session_id": UserSession.objects.filter(user=alice).earliest("pk").pk,
        "application_id": acme_app.application.pk,
        "partner_id": acme.partner.pk,
    }


def filled(route, ids):
    return "/" + PARAMETER.sub(lambda found: str(ids.get(found[1], 1)), route)


@pytest.mark.parametrize("route", [route for route in API if "<" in route])
def test_attack_142_alices_ids_are_nobodys_to_mallory(as_mallory, ids, route):
    before = everything()
    body = BODIES.get(route.partition(">")[2], {"name": "Mine"})
    for method in ("GET", "POST", "PUT", "DELETE"):
        hers, nobodys = (
            as_mallory.wire.generic(
                method,
                filled(route, {**ids, **changes}),
                json.dumps(body),
                content_type="application/json",
                headers={"Authorization": f"Bearer {as_mallory.token}"},
            )
            for changes in ({}, NOBODYS)
        )
        assert hers.status_code in (404, 405), method
        assert {**hers.json(), "requestId": ""} == {**nobodys.json(), "requestId": ""}
    assert everything() == before


@pytest.mark.parametrize("route", PAGES)
def test_attack_143_no_page_acts_on_alices_for_mallory(mallory, ids, route):
    browser, before = signed_in(mallory), everything()
    sessions = list(UserSession.objects.filter(user__email="alice@example.com").values_list("pk", flat=True))
    for method in ("get", "post"):
        said = getattr(browser, method)(filled(route, ids), {"role": "owner", "email": "m@example.com"})
        ends_none_of_hers = said.headers.get("Location") == "/account/security"
        assert said.status_code in (404, 405) or ends_none_of_hers, method
    assert everything() == before
    assert list(UserSession.objects.filter(user__email="alice@example.com").values_list("pk", flat=True)) == sessions


def test_attack_144_a_form_of_ones_own_gives_no_powers(mallory):
    browser = signed_in(mallory)
    browser.post("/account", {"name": "Mallory Jr", **FOREIGN_FORM})
    made = browser.post("/account/organizations", {"name": "Hers", **FOREIGN_FORM})["Location"]
    now = User.objects.get(pk=mallory.pk)
    assert (now.name, now.email, now.is_staff, now.is_superuser, now.is_active) == (
        "Mallory Jr",
        "mallory@example.com",
        False,
        False,
        True,
    )
    assert (now.credentials_epoch, now.password) == (mallory.credentials_epoch, mallory.password)
    team = organizations.Organization.objects.get(pk=made.rpartition("/")[2])
    assert (team.type, team.plan) == ("team", type(team)._meta.get_field("plan").default)


def test_attack_144_a_sign_up_says_nothing_of_powers(db):
    form = {"email": "new@example.com", "name": "New", "password1": PASSWORD, "password2": PASSWORD}
    Client().post("/accounts/signup/", {**FOREIGN_FORM, **form, "is_active": "on"})
    made = User.objects.get(email="new@example.com")
    assert (made.is_staff, made.is_superuser, made.groups.count()) == (False, False, 0)


def test_attack_144_a_project_changes_by_its_own_members_alone(as_alice, shop):
    columns = "id", "organization_id", "partner_id", "environment", "mode", "status", "appkey"
    before = Project.objects.values(*columns).get()
    extra = {
        "organization_id": NOBODYS["organization_id"],
        "id": NOBODYS["project_id"],
        "partner_id": "ps_acme00000001",
        "environment": "test",
        "status": "deleted",
        "mode": "white_label",
        "appkey": "mine",
        "instance_type": "xlarge",
    }
    assert as_alice.put(shop, {"name": "Renamed", **extra}).status in (200, 422)
    assert Project.objects.values(*columns).get() == before


FORMS = [route for route, row in STRANGERS.items() if row.method == "POST" and row.says.startswith("/accounts/login")]
FORMS += [
    "account",
    "account/organizations",
    "account/organizations/<uuid:organization_id>",
    "device",
    "api/oauth/v1/authorize",
]


@pytest.mark.parametrize("route", FORMS)
def test_attack_145_a_form_of_another_site_does_nothing(alice, ids, route):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = signed_in(alice).cookies
    before = everything()
    for headers in (
        {},
        {"Origin": "https://evil.example"},
        {"Referer": "https://evil.example/", "X-CSRFToken": "a" * 64},
    ):
        said = browser.post(filled(route, ids), {"name": "Forged", "csrfmiddlewaretoken": "a" * 64}, headers=headers)
        assert said.status_code == 403
    assert everything() == before
