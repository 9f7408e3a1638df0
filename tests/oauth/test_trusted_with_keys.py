"""Clients that read API keys by `projects:read`: staff say which, and people are told (pages.md, "Consent")."""

import re

import pytest
from django.test import Client

from oauth_provider.client_details import Details, find_faults
from oauth_provider.models import Application
from tests import cast
from tests.clients import OAuthClient
from tests.oauth.test_admin_clients import add, change, page_of, registered, staff_browser, text

__all__ = ["staff_browser"]
BOTH = "Includes usage and API keys"


def read(page) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


@pytest.mark.parametrize("kind", ["web", "native"])
def test_staff_trust_a_client_when_they_register_it(staff_browser, kind):
    add(staff_browser, kind, allowed_scopes=["user:read", "projects:read"], trusted_with_keys="on")
    assert registered().trusted_with_keys


def test_no_client_is_trusted_unless_staff_say_so(staff_browser):
    add(staff_browser)
    assert not registered().trusted_with_keys


def test_trust_is_given_and_taken_away_and_both_stand_in_the_history(staff_browser):
    acme = cast.web_application()
    change(staff_browser, acme, trusted_with_keys="on")
    assert Application.objects.get(pk=acme.pk).trusted_with_keys
    change(staff_browser, acme, trusted_with_keys="")
    assert not Application.objects.get(pk=acme.pk).trusted_with_keys
    history = read(staff_browser.get(page_of(acme, "history")))
    told = [f"Trusted with keys from {old} → to {new}" for old, new in (("False", "True"), ("True", "False"))]
    assert [line in history for line in told] == [True, True]


def test_a_trust_that_opens_nothing_is_refused(staff_browser):
    page, _form = add(staff_browser, allowed_scopes=["user:read"], trusted_with_keys="on")
    assert "A client trusted with keys needs the scope projects:read." in text(page)
    assert not Application.objects.exists()


def test_a_machine_is_not_asked_about(staff_browser):
    assert "trusted_with_keys" not in text(staff_browser.get("/admin/oauth_provider/application/add/?kind=machine"))


def test_nobody_who_registers_a_client_alone_can_say_so(db):
    asked = Details(
        kind="web",
        keeps_secret=True,
        name="Mallory's",
        redirect_uris=("https://mallory.example/cb",),
        allowed_scopes=("projects:read",),
        trusted_with_keys=True,
    )
    assert list(find_faults(asked, from_staff=False)) == ["trusted_with_keys"]
    assert find_faults(asked, from_staff=True) == {}


@pytest.mark.parametrize("trusted", [True, False])
def test_the_consent_page_says_what_the_scope_opens(alice, trusted):
    acme = OAuthClient(cast.web_application(trusted_with_keys=trusted))
    page = read(acme.ask(cast.signed_in(alice), scope="user:read projects:read"))
    assert (BOTH in page) == trusted
    assert "See your projects and their settings Includes usage" in page


def test_what_was_allowed_before_says_so_too(alice):
    acme = OAuthClient(cast.web_application(trusted_with_keys=True))
    acme.tokens_for(alice, scope="projects:read")
    page = read(acme.ask(cast.signed_in(alice), scope="user:read projects:read"))
    assert f"Already allowed Projects See your projects and their settings {BOTH}" in page


def test_connected_apps_say_what_holds_now(alice, acme_app):
    acme_app.tokens_for(alice, scope="projects:read")
    browser: Client = cast.signed_in(alice)
    assert BOTH not in read(browser.get("/account/apps"))
    Application.objects.update(trusted_with_keys=True)
    assert BOTH in read(browser.get("/account/apps"))
