"""The staff's queue of registrations and the consent page of such a client, in Chromium."""

import pytest
from django.utils import timezone

from oauth_provider import client_metadata, registration
from oauth_provider.models import DocumentHost
from oauth_provider.registration import Applicant
from tests import cast
from tests.browser.conftest import LOOKS, tab
from tests.browser.test_admin_clients import cookie, faults, look
from tests.clients import AUTHORIZE, OAuthClient

__all__ = ["cookie"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

QUEUE = "/admin/oauth_provider/registration/"
AGENT = {
    "client_name": "Agent",
    "redirect_uris": ["http://127.0.0.1/callback"],
    "token_endpoint_auth_method": "none",
    "logo_uri": "https://agent.example/logo.png",
    "client_uri": "https://agent.example/",
}


def registered(settings, mode, **changes):
    settings.REGISTRATION = mode
    alice = cast.User.objects.filter(email="alice@example.com").first() or cast.person("alice@example.com", "Alice")
    metadata = client_metadata.read({**AGENT, **changes})
    return registration.register(metadata, Applicant(alice.pk, "198.51.100.7"), timezone.now()).registration


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_in_the_queue(chromium, site, cookie, settings, scheme, width):
    row = registered(settings, "staff")
    registered(settings, "staff", client_name="Bookshelf", redirect_uris=["https://bookshelf.example/callback"])
    DocumentHost.objects.create(host="agent.example", policy="allowed")
    with tab(chromium, scheme, width) as page:
        page.context.add_cookies([cookie])
        shown = {
            "home": "/admin/",
            "queue": QUEUE,
            "registration": f"{QUEUE}{row.pk}/change/",
            "hosts": "/admin/oauth_provider/documenthost/",
            "host-add": "/admin/oauth_provider/documenthost/add/",
        }
        found = {}
        for name, path in shown.items():
            page.goto(site + path)
            look(page, name)
            found[name] = faults(page)
        page.goto(site + QUEUE)
        page.check("#action-toggle")
        page.select_option("select[name=action]", "refuse_selected")
        page.click("button[name=index]")
        look(page, "refuse")
        found["refuse"] = faults(page)
    assert {name: seen for name, seen in found.items() if seen} == {}


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_where_a_person_is_asked(chromium, site, settings, scheme, width):
    row = registered(settings, "loopback")
    client = OAuthClient(row.application, redirect_uri="http://127.0.0.1:49152/callback")
    alice = cast.User.objects.get(email="alice@example.com")
    session = {"name": "session", "value": cast.signed_in(alice).cookies["session"].value, "url": site}
    with tab(chromium, scheme, width) as page:
        page.context.add_cookies([session])
        page.goto(f"{site}{AUTHORIZE}?{client.authorize_query()}")
        look(page, "consent")
        assert page.get_by_text("It registered itself.").is_visible()
        assert faults(page) == []
