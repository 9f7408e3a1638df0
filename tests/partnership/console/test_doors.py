"""True of every page and action of the console: whose it is, which role it asks for, and in what order."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.test import Client

from partnership.models import Event, PartnerMember
from tests.contract.routes import all_routes
from tests.partnership.console.rows import Desk

BASE = "partners/<str:partner_id>/<str:environment>"
ROLES = ("viewer", "developer", "owner")
PAGES = {
    "": "viewer",
    "/projects": "viewer",
    "/projects/<str:project_id>": "viewer",
    "/operations": "viewer",
    "/operations/<str:operation_id>": "viewer",
    "/webhooks": "developer",
    "/webhooks/<str:webhook_id>": "developer",
    "/events": "viewer",
    "/calls": "viewer",
    "/usage": "viewer",
    "/usage/<str:day>/<str:metric>": "viewer",
    "/projects/<str:project_id>/usage": "viewer",
    "/requests": "viewer",
    "/statements": "viewer",
    "/statements/<str:month>": "viewer",
    "/members": "viewer",
    "/secrets": "owner",
}
ACTS = {
    "/projects/<str:project_id>/pause": "developer",
    "/projects/<str:project_id>/restore": "developer",
    "/projects/<str:project_id>/upgrade": "developer",
    "/projects/<str:project_id>/restart": "developer",
    "/projects/<str:project_id>/delete": "developer",
    "/projects/<str:project_id>/rotate-api-key": "developer",
    "/webhooks/add": "developer",
    "/webhooks/<str:webhook_id>/change": "developer",
    "/webhooks/<str:webhook_id>/switch": "developer",
    "/webhooks/<str:webhook_id>/rotate-secret": "developer",
    "/webhooks/<str:webhook_id>/delete": "developer",
    "/webhooks/<str:webhook_id>/replay": "developer",
    "/webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/replay": "developer",
    "/operations/<str:operation_id>/cancel": "developer",
    "/operations/<str:operation_id>/retry": "developer",
    "/secrets/<int:secret_id>/rotate": "owner",
    "/secrets/<int:secret_id>/end": "owner",
    "/members/invite": "owner",
    "/members/<int:member_id>/remove": "owner",
    "/members/<int:member_id>/role": "owner",
    "/invitations/<int:invitation_id>/withdraw": "owner",
}
OWNED = re.compile(r"(_id|month)>")  # what is somebody's
NAMED = re.compile(r"<\w+:(\w+)>")

EVERYTHING = [*((route, "GET") for route in PAGES), *((route, "POST") for route in ACTS)]
OF_SOMEBODY = [(route, method) for route, method in EVERYTHING if OWNED.search(route)]
CHANGES = [(route, "POST") for route in ACTS]

pytestmark = pytest.mark.django_db


def ask(desk: Desk, route: str, method: str, ids: dict[str, str]):
    path = NAMED.sub(lambda found: ids[found[1]], route)
    return desk.browser.generic(method, desk.at(path), content_type="application/x-www-form-urlencoded")


def answers(desk: Desk, rows: list[tuple[str, str]], ids: dict[str, str]) -> dict[str, int]:
    """The status of each address; what an action did is undone, so that the next one finds all in place."""
    found = {}
    for route, method in rows:
        with transaction.atomic():
            found[f"{method} {route}"] = ask(desk, route, method, ids).status_code
            transaction.set_rollback(True)
    return found


def those_but(status: int, found: dict[str, int]) -> dict[str, int]:
    return {name: each for name, each in found.items() if each != status}


@contextmanager
def nothing_happens():
    before = Event.objects.count()
    yield
    assert Event.objects.count() == before


def test_every_address_of_the_console_is_in_the_tables():
    found = {route.removeprefix(BASE) for route in all_routes() if route.startswith(BASE)}

    assert found == {*PAGES, *ACTS}


def test_everything_is_there_for_an_owner(of_globex, olga):
    assert 404 not in answers(olga, EVERYTHING, of_globex.ids).values()


def test_attack_175_another_partner_s_console_is_not_there(of_globex, of_initech):
    peeping = Desk(of_initech.browser, of_initech.person, of_globex.client.partner)

    with nothing_happens():
        assert those_but(404, answers(peeping, EVERYTHING, of_globex.ids)) == {}


def test_attack_176_another_partner_s_things_are_not_there_in_one_s_own_console(of_globex, of_initech):
    with nothing_happens():
        assert those_but(404, answers(of_initech, OF_SOMEBODY, of_globex.ids)) == {}


def test_attack_177_live_things_are_not_there_in_the_test_environment(of_globex, olga):
    olga.environment = "test"
    # People belong to the partner in both.
    rows = [(route, method) for route, method in OF_SOMEBODY if not re.search("member|invitation", route)]

    assert those_but(404, answers(olga, rows, of_globex.ids)) == {}


@pytest.mark.parametrize("role", ROLES)
def test_attack_178_a_role_opens_what_it_is_for_and_no_more(role, of_globex, request):
    desk = request.getfixturevalue({"viewer": "vera", "developer": "dan", "owner": "olga"}[role])
    found = answers(desk, EVERYTHING, of_globex.ids)

    too_much = {name for name in found if ROLES.index((PAGES | ACTS)[name.split(" ", 1)[1]]) > ROLES.index(role)}
    assert {name for name, status in found.items() if status == 403} == too_much
    assert max(found.values()) < 500


def test_a_role_ends_with_the_next_click(of_globex, olga):
    PartnerMember.objects.filter(user=olga.person).delete()

    assert those_but(404, answers(olga, EVERYTHING, of_globex.ids)) == {}


@pytest.mark.parametrize(
    ("environment", "partner_id"), [("prod", ""), ("live", "ps_nobody0000001"), ("live", "ps_%00"), ("%00", "")]
)
def test_no_other_environment_and_no_unknown_partner_is_there(environment, partner_id, of_globex, olga):
    olga.environment, olga.partner.pk = environment, partner_id or olga.partner.pk

    assert those_but(404, answers(olga, EVERYTHING, of_globex.ids)) == {}


def test_of_a_partner_that_is_switched_off_nothing_is_shown(of_globex, olga):
    type(olga.partner).objects.update(is_enabled=False)

    assert those_but(403, answers(olga, EVERYTHING, of_globex.ids)) == {}
    assert "switched off" in olga.get().content.decode()


def test_attack_179_a_form_of_another_site_does_nothing(of_globex, olga):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = olga.browser.cookies
    olga.browser = strict

    with nothing_happens():
        assert those_but(403, answers(olga, CHANGES, of_globex.ids)) == {}


def test_looking_changes_nothing(of_globex, olga):
    with nothing_happens():
        assert those_but(405, answers(olga, [(route, "GET") for route in ACTS], of_globex.ids)) == {}


def test_under_maintenance_nothing_changes_but_a_secret_that_leaked(of_globex, olga):
    type(olga.partner).objects.update(is_in_maintenance=True)

    done = those_but(503, answers(olga, CHANGES, of_globex.ids))
    assert {name.removeprefix("POST ") for name in done} == {route for route in ACTS if route.startswith("/secrets/")}


def test_a_change_counts_against_the_partner_s_limit_as_a_call_does(of_globex, olga):
    type(olga.partner).objects.update(requests_per_minute=1)
    olga.post("/members/invite")

    assert those_but(429, answers(olga, CHANGES, of_globex.ids)) == {}
    assert olga.post("/members/invite")["RateLimit-Policy"] == '"partner";q=1;w=60'
    assert olga.get().status_code == 200
