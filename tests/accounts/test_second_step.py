"""TOTP, recovery codes and passkeys: added under /account/security, asked for at sign-in."""

import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from tests.accounts.steps import is_signed_in, sign_in, subjects
from tests.cast import signed_in

# A window of a limit that ended in the middle of a test would count from nought again.
pytestmark = pytest.mark.usefixtures("later")

ADD, STEP, CODES = "/accounts/2fa/totp/activate/", "/accounts/2fa/authenticate/", "/accounts/2fa/recovery-codes/"


def digits(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def add_app(browser: Client) -> str:
    """Adds an authenticator app; its key, as a person would type it."""
    secret = browser.get(ADD).context["form"].secret
    browser.post(ADD, {"code": digits(secret)})
    return secret


def test_the_key_is_shown_as_svg_and_as_text(alice):
    page = signed_in(alice).get(ADD)
    text = page.content.decode()
    assert "<svg" in text
    assert "data:image" not in text
    assert page.context["form"].secret in text


@pytest.mark.django_db(transaction=True)  # allauth mails when the transaction is through
def test_an_app_is_asked_for_at_sign_in_and_its_person_told(alice):
    secret = add_app(signed_in(alice))
    browser = Client()
    assert sign_in(browser, "alice@example.com", next="/continue/abc").headers["Location"] == STEP
    assert not is_signed_in(browser)
    with time_machine.travel(time.time() + 60):
        assert browser.post(STEP, {"code": digits(secret)}).headers["Location"] == "/continue/abc"
    assert subjects() == ["An authenticator app was added"]


def test_the_key_is_encrypted_in_the_database(alice):
    secret = add_app(signed_in(alice))
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in stored
    assert stored.startswith("gAAAA")


def test_ten_recovery_codes_are_shown_once_and_each_is_good_once(alice):
    browser = signed_in(alice)
    add_app(browser)
    codes = browser.get(CODES).context["unused_codes"]
    assert len(set(codes)) == 10
    assert codes[0] not in browser.get(CODES).content.decode()
    outcomes = []
    for _ in range(2):
        visitor = Client()
        sign_in(visitor, "alice@example.com")
        outcomes.append(visitor.post(STEP, {"code": codes[0]}).status_code)
    assert outcomes == [302, 200]
    assert "9 codes left." in browser.get("/account/security").content.decode()


@pytest.mark.parametrize("change", ["password", "switch-off"])
def test_attack_208_a_sign_in_half_way_ends_with_the_password_it_began_with(alice, change):
    secret = add_app(signed_in(alice))
    browser = Client()
    sign_in(browser, "alice@example.com")
    if change == "password":
        alice.set_password("another")
    else:
        alice.is_active = False
    alice.save()
    with time_machine.travel(time.time() + 60):
        assert browser.post(STEP, {"code": digits(secret)}).headers["Location"] == "/accounts/login/"
    assert not is_signed_in(browser)
    assert not alice.security_events.filter(kind="signed_in").exists()


def test_attack_040_five_wrong_codes_lock_the_second_step(alice):
    add_app(signed_in(alice))
    browser = Client()
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        sign_in(browser, "alice@example.com")
        answers = [browser.post(STEP, {"code": "000000"}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_an_app_is_added_and_removed_only_soon_after_a_sign_in(alice):
    stale = signed_in(alice, at=time.time() - 301)
    for path in (ADD, "/accounts/2fa/webauthn/add/", "/accounts/2fa/recovery-codes/generate/"):
        assert stale.get(path).headers["Location"].startswith("/accounts/reauthenticate/")


def test_after_the_proof_the_person_is_where_they_wanted_to_be(alice):
    stale = signed_in(alice, at=time.time() - 301)
    asked = stale.get(ADD).headers["Location"]
    assert stale.post(asked, {"password": "correct horse battery"}).headers["Location"] == ADD
    assert stale.get(ADD).status_code == 200


def test_sign_in_offers_a_passkey_without_inline_script(db):
    text = Client().get("/accounts/login/").content.decode()
    assert "Sign in with a passkey" in text
    assert '<script src="/static/mfa/js/webauthn.js">' in text
    assert "onclick" not in text
