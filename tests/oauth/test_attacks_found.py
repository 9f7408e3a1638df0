"""What an attack on the finished front door found (docs/attacks.md, from 99 on)."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import Invitation, User
from oauth_provider import registration_queue
from oauth_provider.models import Registration
from tests.cast import PASSWORD, person, signed_in
from tests.clients import AUTHORIZE, sent_back
from tests.oauth.test_registration import CONTRACT, RFC_7591, register, token_of
from tests.oauth.test_registration_management import call, metadata
from tests.post import letters

# A window of a limit that ended in the middle of a test would count from nought again.
pytestmark = pytest.mark.usefixtures("later")

LOGIN = "/accounts/login/"


def tries(*browsers):
    """The answers to a wrong password for another account from each of `browsers`."""
    return [
        browser.post(LOGIN, {"login": f"nobody{number}@example.com", "password": "x"}).status_code
        for number, browser in enumerate(browsers)
    ]


def new_team(browser, name="Acme Team"):
    return browser.post("/account/organizations", {"name": name})["Location"]


@pytest.mark.parametrize("resource", ["http://[", "http://[::1", "//["])
def test_attack_099_a_resource_that_cannot_be_split(alice, acme_app, resource):
    assert sent_back(acme_app.ask(Client(), resource=resource))["error"] == "invalid_target"
    assert acme_app.redeem(acme_app.code_for(alice), resource=resource).error == "invalid_target"


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data; boundary=", "application/x-www-form-urlencoded; charset=utf-16"]
)
@pytest.mark.parametrize("path", [LOGIN, AUTHORIZE])
def test_attack_100_a_form_that_nobody_can_read(alice, path, content_type):
    browser = signed_in(alice) if path == AUTHORIZE else Client()
    assert browser.post(path, b"--x", content_type=content_type).status_code == 400


def test_attack_101_a_line_break_in_a_name_forges_no_mail(alice):
    browser = signed_in(alice)
    browser.post("/account", {"name": "Ada\n\nYour account is locked, call +1 555"})
    team = new_team(browser, "Acme\nBcc: mallory@example.com")
    assert browser.post(f"{team}/invite", {"email": "bob@example.com", "role": "member"}).status_code == 302
    assert "Acme Bcc:" in letters()[-1].subject
    assert "Ada Your account" in letters()[-1].body


def test_attack_102_invitations_are_no_way_to_flood_strangers(mallory):
    browser = signed_in(mallory)
    team = new_team(browser)
    sent = [browser.post(f"{team}/invite", {"email": f"x{n}@example.com", "role": "member"}) for n in range(21)]
    assert [response.status_code for response in sent] == [302] * 20 + [429]
    assert len(letters()) == 20 == Invitation.objects.count()


def test_attack_103_the_right_to_change_people_takes_over_no_staff(mallory, db):
    boss = person("boss@example.com", "Boss", is_staff=True, is_superuser=True)
    mallory.is_staff = True
    mallory.save()
    mallory.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    page = f"/admin/accounts/user/{boss.pk}/change/"
    response = signed_in(User.objects.get(pk=mallory.pk)).post(page, {"email": "mallory2@example.com", "name": "Boss"})
    assert response.status_code == 403
    assert User.objects.get(pk=boss.pk).email == "boss@example.com"


def test_attack_103_people_who_are_no_staff_can_be_changed(mallory, alice):
    mallory.is_staff = True
    mallory.save()
    mallory.user_permissions.set(Permission.objects.filter(codename="change_user"))
    form = {"email": alice.email, "name": "Alice E."}
    signed_in(User.objects.get(pk=mallory.pk)).post(f"/admin/accounts/user/{alice.pk}/change/", form)
    assert User.objects.get(pk=alice.pk).name == "Alice E."


@pytest.mark.parametrize("form", ["203.0.113.7:{}", "198.51.100.{}, 203.0.113.7:4{}", "[2001:db8::{}]:443"])
def test_attack_104_a_proxys_spelling_of_an_address_is_no_new_bucket(db, settings, form):
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    hops = [form.format(number, number) for number in range(10, 21)]
    assert tries(*(Client(headers={"X-Forwarded-For": hop}) for hop in hops)) == [200] * 10 + [429]


@pytest.mark.parametrize("hop", ["unknown", "203.0.113.7:4711", "_hidden", "1.2.3.4.5"])
def test_attack_105_a_hop_that_is_no_address_stops_no_sign_in(alice, settings, hop):
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    browser = Client(headers={"X-Forwarded-For": hop})
    assert browser.post(LOGIN, {"login": alice.email, "password": PASSWORD}).status_code == 302
    assert UserSession.objects.get().ip in {"203.0.113.7", "127.0.0.1"}


@pytest.mark.parametrize("form", ["2001:db8::{}", "2001:db8:0:0:{}::1"])
def test_attack_106_a_network_of_one_customer_is_one_address(db, form):
    assert tries(*(Client(REMOTE_ADDR=form.format(n)) for n in range(11))) == [200] * 10 + [429]


def test_attack_106_other_networks_are_other_addresses(db):
    assert 429 not in tries(*(Client(REMOTE_ADDR=f"2001:db8:0:{n}::1") for n in range(11)))


def test_attack_107_a_stranger_fills_no_disk_through_the_admin(db):
    response = Client().post("/admin/login/", b"x" * (4 * 1024**2 + 1), content_type="application/octet-stream")
    assert response.status_code == 413


def test_attack_108_a_state_of_bytes_not_escaped_comes_back_as_they_are(acme_app):
    raw = f"{acme_app.authorize_query(state=None, prompt='none')}&state=\u00c3\u00a9\u00ff"
    assert "&state=%C3%A9%FF&" in Client().get(AUTHORIZE, QUERY_STRING=raw)["Location"]


@pytest.mark.contract("README.md", "Rules for all of them", "7")
def test_attack_109_a_refusal_that_was_let_through_tells_what_is_left(acme_app, meter):
    assert acme_app.redeem("unknown").headers["RateLimit"].startswith('"token";r=49')
    assert acme_app.ask(Client(), response_type="token")["RateLimit"].startswith('"authorize";r=99')
    token = meter.post_token(grant_type="client_credentials")["access_token"]
    assert meter.profile(token).status == 403


SOMEWHERE = "https://evil.example/after"


def after_logout(client_id):
    query = {"client_id": client_id, "post_logout_redirect_uri": SOMEWHERE}
    return Client().get("/api/oauth/v1/logout", query).headers.get("Location", "")


def test_attack_117_whom_nobody_approved_sends_nobody_elsewhere_after_logout(db, settings):
    settings.REGISTRATION = "loopback"
    body = {**RFC_7591, "post_logout_redirect_uris": [SOMEWHERE]}
    assert register(body).status == 401
    made = register(RFC_7591)
    assert call("put", made, metadata(made, post_logout_redirect_uris=[SOMEWHERE]))["status"] == "pending"
    assert after_logout(made["client_id"]) == ""


def test_attack_117_a_new_address_after_logout_waits_for_staff_again(alice, acme_cli, settings):
    settings.REGISTRATION = "staff"
    made = register(CONTRACT, token_of(alice, acme_cli))
    registration_queue.approve(Registration.objects.get(), None, timezone.now())
    assert call("put", made, metadata(made, post_logout_redirect_uris=[SOMEWHERE]))["status"] == "pending"
    assert after_logout(made["client_id"]) == ""
    registration_queue.approve(Registration.objects.get(), None, timezone.now())
    assert after_logout(made["client_id"]) == SOMEWHERE
