"""GET and POST logout. Source: oauth.md, "Other endpoints"; RP-Initiated Logout 1.0; attack 91."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from oauth_provider import back_channel, keys
from oauth_provider.client_details import Details, find_faults
from oauth_provider.models import ClientSession
from tests import cast
from tests.clients import OAuthClient, sent_back
from tests.forms import fields_of
from tests.oauth.openid import OPENID_SCOPES
from tests.oauth.test_admin_clients import add, change, registered

LOGOUT = "/api/oauth/v1/logout"
AFTER = "https://portal.example/bye?from=here"

pytestmark = pytest.mark.contract("oauth.md", "Other endpoints under /api/oauth/v1", "logout")


@pytest.fixture
def portal(db):
    application = cast.web_application(
        "Portal", allowed_scopes=OPENID_SCOPES, post_logout_redirect_uris=f"{AFTER} http://localhost:4000/bye"
    )
    return OAuthClient(application, cast.ACME_SECRET)


@pytest.fixture
def browser(alice):
    return cast.signed_in(alice)


def id_token(portal, browser):
    page = portal.ask(browser, scope="openid")
    back = portal.allow(browser, page) if page.status_code == 200 else page
    return portal.redeem(sent_back(back)["code"])["id_token"]


def ask(browser, **parameters):
    return browser.get(f"{LOGOUT}?{urlencode(parameters)}" if parameters else LOGOUT)


def is_signed_in(browser):
    return browser.get("/account").status_code == 200


def test_a_hint_of_this_session_signs_out_at_once(browser, portal):
    hint = id_token(portal, browser)
    there = ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER, state="a b:é&popup")
    assert (there.status_code, there["Location"]) == (302, f"{AFTER}&state=a%20b%3A%C3%A9%26popup")
    assert not is_signed_in(browser)


def test_without_an_address_it_ends_on_a_page_of_ours(browser, portal):
    there = ask(browser, id_token_hint=id_token(portal, browser))
    assert (there.status_code, there["Location"]) == (302, LOGOUT)
    assert "You are signed out" in browser.get(LOGOUT).content.decode()


@pytest.mark.parametrize("named", [False, True])
def test_attack_091_without_a_hint_the_person_is_asked(browser, portal, named):
    parameters = {"client_id": portal.application.client_id, "post_logout_redirect_uri": AFTER} if named else {}
    page = ask(browser, **parameters)
    assert (page.status_code, "no-store" in page["Cache-Control"]) == (200, True)
    assert "alice@example.com" in page.content.decode()
    assert ("Portal asks to sign you out" in page.content.decode()) is named
    assert is_signed_in(browser)

    there = browser.post(f"{LOGOUT}/confirm", {**fields_of(page), "answer": "sign_out"})

    assert there["Location"] == (AFTER if named else LOGOUT)
    assert not is_signed_in(browser)


def test_who_cancels_stays(browser, portal):
    page = ask(browser, client_id=portal.application.client_id, post_logout_redirect_uri=AFTER)
    there = browser.post(f"{LOGOUT}/confirm", {**fields_of(page), "answer": "cancel"})
    assert there["Location"] == "/account"
    assert is_signed_in(browser)


def test_attack_091_another_site_cannot_answer_for_the_person(alice, portal):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = cast.signed_in(alice).cookies
    assert browser.post(f"{LOGOUT}/confirm", {"query": "", "answer": "sign_out"}).status_code == 403
    assert is_signed_in(browser)


def test_an_applications_form_becomes_a_link(browser, portal):
    """It comes without our cookie (SameSite=Lax); what it leads to is asked as any GET."""
    there = browser.post(LOGOUT, {"client_id": portal.application.client_id, "post_logout_redirect_uri": AFTER})
    assert there.status_code == 303
    assert is_signed_in(browser)
    page = browser.get(there["Location"])
    assert page.status_code == 200
    assert "https://portal.example" in page.content.decode()


@pytest.mark.parametrize(
    "uri", ["https://evil.example/", AFTER + "&x=1", AFTER.replace("?from=here", ""), "javascript:1"]
)
def test_attack_091_an_unregistered_address_is_not_followed(browser, portal, uri):
    hint = id_token(portal, browser)
    refused = ask(browser, id_token_hint=hint, post_logout_redirect_uri=uri)
    assert (refused.status_code, "Location" in refused) == (400, False)
    assert f'href="{uri}"' not in refused.content.decode()
    assert is_signed_in(browser)


def test_attack_091_a_loopback_port_is_not_free_here(browser, portal):
    hint = id_token(portal, browser)
    assert ask(browser, id_token_hint=hint, post_logout_redirect_uri="http://localhost:4001/bye").status_code == 400


def test_an_address_without_a_client_is_not_followed(browser, portal):
    assert ask(browser, post_logout_redirect_uri=AFTER).status_code == 400


def test_another_clients_address_is_not_followed(browser, portal):
    other = cast.web_application("Other", secret="gcs_" + "o" * 43)
    hint = id_token(portal, browser)
    assert ask(browser, client_id=other.client_id, post_logout_redirect_uri=AFTER).status_code == 400
    assert ask(browser, id_token_hint=hint, client_id=other.client_id).status_code == 400
    assert is_signed_in(browser)


def test_a_disabled_client_sends_nobody_anywhere(browser, portal):
    hint = id_token(portal, browser)
    portal.application.is_enabled = False
    portal.application.save()
    assert ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER).status_code == 400
    assert ask(browser, client_id=portal.application.client_id).status_code == 400


def test_attack_091_somebody_elses_hint_asks(browser, bob, portal):
    hint = id_token(portal, cast.signed_in(bob))
    assert ask(browser, id_token_hint=hint).status_code == 200
    assert is_signed_in(browser)


def test_attack_091_a_hint_of_another_browser_asks(alice, browser, portal):
    hint = id_token(portal, cast.signed_in(alice))
    assert ask(browser, id_token_hint=hint).status_code == 200
    assert is_signed_in(browser)


def test_attack_091_a_hint_that_is_no_id_token_asks(browser, portal):
    id_token(portal, browser)
    told = back_channel.logout_token(ClientSession.objects.select_related("application").get(), timezone.now())
    for hint in ("x", "a.b.c", told):
        assert ask(browser, id_token_hint=hint).status_code == 200
        assert is_signed_in(browser)


def test_an_old_hint_still_says_who_is_meant(browser, portal, later):
    hint = id_token(portal, browser)
    keys.rotate(timezone.now(), at_once=True)
    later(days=2)
    assert ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER)["Location"] == AFTER
    assert not is_signed_in(browser)


def test_twice_and_as_a_stranger_it_goes_on_without_a_question(browser, portal):
    hint = id_token(portal, browser)
    for _ in range(2):
        assert ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER)["Location"] == AFTER


@pytest.mark.parametrize("query", ["state=1&state=2", "client_id=%00", "client_id=%ff", "state=" + "x" * 2049])
def test_a_malformed_link_signs_nobody_out(browser, query):
    page = browser.get(f"{LOGOUT}?{query}")
    assert page.status_code == 400
    assert "Nobody was signed out." in page.content.decode()
    assert is_signed_in(browser)


def test_staff_register_where_it_goes_and_who_is_told(db):
    staff = cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))
    told = "https://portal.example/logged-out"

    add(staff, post_logout_redirect_uris=f"{AFTER}\nhttp://localhost/bye", backchannel_logout_uri=told)

    kept = registered()
    assert (kept.post_logout_redirect_uris, kept.backchannel_logout_uri) == (f"{AFTER} http://localhost/bye", told)
    change(staff, kept, post_logout_redirect_uris="", backchannel_logout_uri="")
    kept.refresh_from_db()
    assert (kept.post_logout_redirect_uris, kept.backchannel_logout_uri) == ("", "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"post_logout_redirect_uris": f"{AFTER}\nhttp://portal.example/"}, "Line 2: http only for 127.0.0.1"),
        ({"post_logout_redirect_uris": "https://portal.example/#x"}, "Line 1: has a fragment"),
        ({"backchannel_logout_uri": "https://portal.example/#x"}, "Has a fragment"),
        ({"backchannel_logout_uri": "portal://x"}, "A private scheme is"),
    ],
)
def test_an_address_that_may_not_be_registered(db, changes, reason):
    staff = cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))
    page, _form = add(staff, **changes)
    assert reason in page.content.decode()


@pytest.mark.django_db
def test_only_a_web_application_is_told_and_nobody_signs_out_of_a_machine():
    told = {"name": "X", "keeps_secret": False, "backchannel_logout_uri": "https://x.example/bye"}
    assert "backchannel_logout_uri" in find_faults(Details(kind="native", **told), from_staff=True)
    after = {"name": "X", "keeps_secret": True, "post_logout_redirect_uris": ("https://x.example/",)}
    assert "post_logout_redirect_uris" in find_faults(Details(kind="machine", **after), from_staff=True)


def test_the_page_may_send_on_to_the_registered_address_alone(browser, portal):
    page = ask(browser, client_id=portal.application.client_id, post_logout_redirect_uri=AFTER)
    (policy,) = [part for part in page["Content-Security-Policy"].split("; ") if part.startswith("form-action")]
    assert policy.split()[1:] == ["'self'", "https://portal.example"]
