"""/accounts/signup/ and the code that follows it."""

import pytest
import time_machine
from django.test import Client

from accounts.models import Organization, User
from tests.accounts.steps import CODE, SIGN_UP, is_signed_in, mailed_code, sign_in, sign_up, subjects, type_code
from tests.post import letters

# A window of a limit that ended in the middle of a test would count from nought again.
pytestmark = pytest.mark.usefixtures("later")


def test_a_new_person_signs_up_verifies_and_goes_on_where_they_were_going(db):
    browser = Client()
    sent = sign_up(browser, "Carol@Example.com", next="/continue/abc")
    assert sent.headers["Location"] == CODE
    assert not is_signed_in(browser)
    done = type_code(browser, mailed_code())
    assert done.headers["Location"] == "/continue/abc"
    assert is_signed_in(browser)
    assert User.objects.get().email == "carol@example.com"


def test_a_new_person_has_a_personal_organization_and_owns_it(db):
    sign_up(Client(), "carol@example.com")
    organization = Organization.objects.get()
    membership = organization.memberships.get()
    assert (organization.type, organization.name) == ("personal", "Carol")
    assert (membership.user.email, membership.role) == ("carol@example.com", "owner")


def test_a_known_address_gets_the_same_page_and_its_owner_a_mail(alice):
    known, new = Client(), Client()
    pages = [sign_up(known, "alice@example.com"), sign_up(new, "dave@example.com")]
    assert [page.headers["Location"] for page in pages] == [CODE, CODE]
    texts = [browser.get(CODE).content.decode() for browser in (known, new)]
    texts = [text.replace("alice", "X").replace("dave", "X") for text in texts]
    assert [len(text) for text in texts] == [len(texts[0])] * 2
    assert subjects() == ["You have an account already", "Your code"]
    assert User.objects.count() == 2


def test_a_wrong_code_is_refused_and_the_third_ends_it(db):
    browser = Client()
    sign_up(browser, "carol@example.com")
    code = mailed_code()
    assert [type_code(browser, "AAAA-AAAA").status_code for _ in range(2)] == [200, 200]
    assert type_code(browser, "AAAA-AAAA").headers["Location"] == "/accounts/login/"
    type_code(browser, code)
    assert not is_signed_in(browser)


def test_a_code_is_good_for_fifteen_minutes(db):
    browser = Client()
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        sign_up(browser, "carol@example.com")
    with time_machine.travel("2026-01-01T12:15:01Z", tick=False):
        type_code(browser, mailed_code())
        assert not is_signed_in(browser)


def test_a_new_code_is_sent_after_sixty_seconds_and_not_before(db):
    browser = Client()
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        sign_up(browser, "carol@example.com")
    with time_machine.travel("2026-01-01T12:00:59Z", tick=False):
        early = browser.post(CODE, {"action": "resend"})
        assert (early.status_code, early.headers["Retry-After"]) == (429, "60")
    with time_machine.travel("2026-01-01T12:01:01Z", tick=False):
        browser.post(CODE, {"action": "resend"})
        assert len(letters()) == 2
        type_code(browser, mailed_code())
        assert is_signed_in(browser)


def test_another_address_begins_the_sign_up_again_with_the_same_way_onwards(db):
    browser = Client()
    sign_up(browser, "wrong@example.com", next="/continue/abc")
    again = browser.post("/accounts/confirm-email/change")
    assert again.headers["Location"] == f"{SIGN_UP}?next=%2Fcontinue%2Fabc"
    sign_up(browser, "carol@example.com", next="/continue/abc")
    assert type_code(browser, mailed_code()).headers["Location"] == "/continue/abc"


def test_who_has_not_verified_is_asked_for_a_code_at_sign_in(db):
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        sign_up(Client(), "carol@example.com")
    browser = Client()
    with time_machine.travel("2026-01-01T12:02:00Z", tick=False):
        assert sign_in(browser, "carol@example.com").headers["Location"] == CODE
        assert not is_signed_in(browser)


def test_the_page_says_which_application_is_waiting(db):
    browser = Client()
    browser.get(SIGN_UP)
    session = browser.session
    session["signing_in_to"] = "Acme"
    session.save()
    assert "to continue to <strong>Acme</strong>" in browser.get(SIGN_UP).content.decode()


def test_a_name_is_asked_for_and_a_weak_password_refused(db):
    weak = Client().post(SIGN_UP, {"name": "", "email": "carol@example.com", "password1": "short"})
    assert weak.status_code == 200
    assert 'aria-invalid="true"' in weak.content.decode()
    assert not User.objects.exists()
