"""Reset and change of a password, and what they end."""

import time

import pytest
import time_machine
from django.test import Client

from tests.accounts.steps import NEW_PASSWORD, RESET, is_signed_in, reset_password, sign_in, subjects
from tests.cast import PASSWORD, signed_in
from tests.post import letters

# A window of a limit that ended in the middle of a test would count from nought again.
pytestmark = pytest.mark.usefixtures("later")

CHANGE = "/accounts/password/change/"


def change_password(browser):
    return browser.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW_PASSWORD})


def test_a_reset_by_mail_sets_the_password_and_ends_all_sessions(alice):
    elsewhere = signed_in(alice)
    reset_password(Client(), "alice@example.com")
    assert not is_signed_in(elsewhere)
    assert sign_in(Client(), "alice@example.com").status_code == 200
    assert sign_in(Client(), "alice@example.com", NEW_PASSWORD).status_code == 302
    assert subjects() == ["Choose a new password", "Your password was reset"]


def test_a_reset_answers_the_same_for_every_address(alice):
    answers = [Client().post(RESET, {"email": email}) for email in ("alice@example.com", "nobody@example.com")]
    assert [answer.headers["Location"] for answer in answers] == ["/accounts/password/reset/done/"] * 2
    assert [message.to for message in letters()] == [["alice@example.com"]]


def test_a_link_is_good_once_and_for_an_hour(alice):
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        reset_password(Client(), "alice@example.com")
        link = letters()[0].body.partition("http://localhost:8000")[2].split()[0]
        assert "This link is not valid" in Client().get(link).content.decode()
        Client().post(RESET, {"email": "alice@example.com"})
    unused = letters()[-1].body.partition("http://localhost:8000")[2].split()[0]
    with time_machine.travel("2026-01-01T13:00:02Z", tick=False):
        assert "This link is not valid" in Client().get(unused).content.decode()


def test_attack_040_resets_are_limited_by_account(alice):
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        answers = [Client().post(RESET, {"email": "alice@example.com"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert len(letters()) == 5


def test_a_changed_password_ends_other_sessions_and_tells_its_person(alice):
    elsewhere, here = signed_in(alice), signed_in(alice)
    assert change_password(here).headers["Location"] == "/account/security"
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert subjects() == ["Your password was changed"]


def test_a_change_needs_a_sign_in_of_the_last_five_minutes(alice):
    browser = signed_in(alice, at=time.time() - 301)
    asked = change_password(browser)
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_attack_047_a_code_dies_with_the_password(alice, acme_app):
    code = acme_app.code_for(alice)
    change_password(signed_in(alice))
    assert acme_app.redeem(code).error == "invalid_grant"


def test_attack_047_a_code_and_tokens_die_with_a_reset(alice, acme_app):
    tokens = acme_app.tokens_for(alice)
    code = acme_app.code_for(alice)
    reset_password(Client(), "alice@example.com")
    assert acme_app.redeem(code).error == "invalid_grant"
    assert acme_app.profile(tokens["access_token"]).status == 401
    assert acme_app.refresh(tokens["refresh_token"]).error == "invalid_grant"


def test_attack_047_switching_a_person_off_and_on_again_revives_nothing(alice, acme_app):
    tokens = acme_app.tokens_for(alice)
    for is_active in (False, True):
        alice.is_active = is_active
        alice.save(update_fields=["is_active"])
        assert acme_app.profile(tokens["access_token"]).status == 401
    assert acme_app.refresh(tokens["refresh_token"]).error == "invalid_grant"


def test_a_stronger_hash_at_sign_in_ends_no_token(alice, acme_app, settings):
    tokens = acme_app.tokens_for(alice)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    sign_in(Client(), "alice@example.com")
    alice.refresh_from_db()
    assert alice.password.startswith("scrypt$")
    assert acme_app.profile(tokens["access_token"]).status == 200


def test_attack_095_a_forged_host_is_refused_and_never_stands_in_a_mail(alice):
    forged = Client(SERVER_NAME="evil.example").post(RESET, {"email": "alice@example.com"})
    assert (forged.status_code, letters()) == (400, [])
    Client(HTTP_X_FORWARDED_HOST="evil.example", SERVER_NAME="127.0.0.1").post(RESET, {"email": "alice@example.com"})
    text = letters()[0].body + letters()[0].alternatives[0].content
    assert "http://localhost:8000/accounts/password/reset/key/" in text
    assert "evil.example" not in text
    assert "127.0.0.1:" not in text
