"""True of every page and action of the console: whose it is, which role it asks for, and in what order."""

from __future__ import annotations

import re

import pytest
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
ALSO_IN_MAINTENANCE = ("/secrets/",)
OWNED = re.compile(r"(_id|month)>")  # what is somebody's
NAMED = re.compile(r"<\w+:(\w+)>")

everything = pytest.mark.parametrize(
    ("route", "method"), [*((route, "GET") for route in PAGES), *((route, "POST") for route in ACTS)]
)
acts = pytest.mark.parametrize("route", ACTS)

pytestmark = pytest.mark.django_db


def ask(desk: Desk, route: str, method: str, ids: dict[str, str]):
    path = NAMED.sub(lambda found: ids[found[1]], route)
    return desk.browser.generic(method, desk.at(path), content_type="application/x-www-form-urlencoded")


def test_every_address_of_the_console_is_in_the_tables():
    found = {route.removeprefix(BASE) for route in all_routes() if route.startswith(BASE)}

    assert found == {*PAGES, *ACTS}


@everything
def test_attack_175_another_partner_s_console_is_not_there(route, method, of_globex, of_initech):
    peeping = Desk(of_initech.browser, of_initech.person, of_globex.client.partner)
    before = Event.objects.count()

    assert ask(peeping, route, method, of_globex.ids).status_code == 404
    assert Event.objects.count() == before


@everything
def test_attack_176_another_partner_s_things_are_not_there_in_one_s_own_console(
    route, method, of_globex, of_initech, olga
):
    if not OWNED.search(route):
        return
    before = Event.objects.count()

    answer = ask(of_initech, route, method, of_globex.ids)

    assert answer.status_code == 404
    assert Event.objects.count() == before
    assert ask(olga, route, method, of_globex.ids).status_code != 404


@everything
def test_attack_177_live_things_are_not_there_in_the_test_environment(route, method, of_globex, olga):
    olga.environment = "test"
    if not OWNED.search(route) or "member" in route or "invitation" in route:
        return

    assert ask(olga, route, method, of_globex.ids).status_code == 404


@everything
def test_attack_178_a_role_opens_what_it_is_for_and_no_more(route, method, of_globex, olga, dan, vera):
    least = ROLES.index((PAGES | ACTS)[route])

    for rank, desk in enumerate((vera, dan, olga)):
        status = ask(desk, route, method, of_globex.ids).status_code
        assert (status == 403) == (rank < least), (desk.person.name, status)
        assert status < 500


@everything
def test_a_role_counts_from_the_next_click_on(route, method, of_globex, olga):
    PartnerMember.objects.filter(user=olga.person).delete()

    assert ask(olga, route, method, of_globex.ids).status_code == 404


@everything
def test_no_other_environment_and_no_unknown_partner_is_there(route, method, of_globex, olga):
    olga.environment = "prod"
    assert ask(olga, route, method, of_globex.ids).status_code == 404
    olga.environment, olga.partner.pk = "live", "ps_nobody0000001"
    assert ask(olga, route, method, of_globex.ids).status_code == 404


@everything
def test_of_a_partner_that_is_switched_off_nothing_is_shown(route, method, of_globex, olga):
    type(olga.partner).objects.update(is_enabled=False)

    answer = ask(olga, route, method, of_globex.ids)

    assert answer.status_code == 403
    assert "switched off" in answer.content.decode()


@acts
def test_attack_179_a_form_of_another_site_does_nothing(route, of_globex, olga):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = olga.browser.cookies
    olga.browser = strict
    before = Event.objects.count()

    assert ask(olga, route, "POST", of_globex.ids).status_code == 403
    assert Event.objects.count() == before


@acts
def test_looking_changes_nothing(route, of_globex, olga):
    assert ask(olga, route, "GET", of_globex.ids).status_code == 405


@acts
def test_under_maintenance_nothing_changes(route, of_globex, olga):
    type(olga.partner).objects.update(is_in_maintenance=True)

    is_refused = ask(olga, route, "POST", of_globex.ids).status_code == 503

    assert is_refused is not route.startswith(ALSO_IN_MAINTENANCE)


@acts
def test_a_change_counts_against_the_partner_s_limit_as_a_call_does(route, of_globex, olga):
    type(olga.partner).objects.update(requests_per_minute=1)
    ask(olga, "/members/invite", "POST", {})

    answer = ask(olga, route, "POST", of_globex.ids)

    assert (answer.status_code, answer["RateLimit-Policy"]) == (429, '"partner";q=1;w=60')
    assert olga.get().status_code == 200
