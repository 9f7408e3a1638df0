"""Staff choose what a machine client meters (usage.md, "Metering in")."""

import pytest
from auditlog.models import LogEntry

from tests import cast
from tests.forms import fields_of
from usage.models import MeteringScope
from usage.senders import get_sender
from usage.store import Sender

AT = "/admin/usage/meteringscope/"


@pytest.fixture
def sam(db):
    return cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))


def post(browser, path, **changes):
    return browser.post(path, {**fields_of(browser.get(path)), **changes})


def test_a_client_without_a_row_meters_every_live_project(meter):
    assert get_sender(meter.application.pk) == Sender(meter.application.pk, "live", None)


def test_staff_choose_partners_and_then_the_test_environment(sam, meter, globex, initech):
    client = meter.application.pk
    added = post(sam, f"{AT}add/", application=client, environment="live", partners=[globex.pk, initech.pk])
    assert (added.status_code, get_sender(client).partners) == (302, {globex.pk, initech.pk})

    assert "Globex, Initech" in sam.get(AT).content.decode()
    form = {"environment": "test", "all_projects": "on", "partners": []}
    assert post(sam, f"{AT}{client}/change/", **form).status_code == 302
    assert get_sender(client) == Sender(client, "test", None)


def test_a_second_scope_of_a_client_does_not_take_the_place_of_the_first(sam, meter, globex):
    given = {"application": meter.application.pk, "environment": "live"}
    post(sam, f"{AT}add/", **given, partners=[globex.pk])

    shown = post(sam, f"{AT}add/", **given, all_projects="on", partners=[])

    assert "already exists" in shown.content.decode()
    assert get_sender(meter.application.pk).partners == {globex.pk}


def test_every_change_is_in_the_history(sam, meter, globex):
    post(sam, f"{AT}add/", application=meter.application.pk, environment="live", partners=[globex.pk])

    changes = [entry.changes for entry in LogEntry.objects.filter(content_type__model="meteringscope")]
    assert any("partners" in change for change in changes)
    assert {entry.actor.email for entry in LogEntry.objects.filter(content_type__model="meteringscope")} == {
        "sam@example.com"
    }


@pytest.mark.parametrize("all_projects", [True, False])
def test_all_projects_or_some_partners_and_not_both_or_neither(sam, meter, globex, all_projects):
    chosen = {"all_projects": "on", "partners": [globex.pk]} if all_projects else {"partners": []}

    answer = post(sam, f"{AT}add/", application=meter.application.pk, environment="live", **chosen)

    assert "choose at least one partner" in answer.content.decode()
    assert not MeteringScope.objects.exists()


def test_only_machine_clients_are_offered(sam, meter, acme_app):
    page = sam.get(f"{AT}add/").content.decode()
    assert ("Meter" in page, "Acme" in page) == (True, False)

    answer = post(sam, f"{AT}add/", application=acme_app.application.pk, environment="live", all_projects="on")
    assert (answer.status_code, MeteringScope.objects.exists()) == (200, False)


def test_a_row_that_has_lost_its_last_partner_meters_nothing(meter, globex):
    scope = MeteringScope.objects.create(application=meter.application)
    scope.partners.add(globex)
    globex.delete()

    assert get_sender(meter.application.pk).partners == frozenset()
