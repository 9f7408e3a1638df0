"""The secret key is replaced, as docs/operating.md says: nobody is signed out, no link is lost."""

import pytest
from django.test import Client

from tests.accounts.steps import RESET, is_signed_in, mailed_link
from tests.cast import signed_in

NEW = "the key that comes after the one that is in use"


@pytest.fixture
def replace_key(settings):
    old = settings.SECRET_KEY

    def replace(*, fallbacks: bool) -> None:
        settings.SECRET_KEY = NEW
        settings.SECRET_KEY_FALLBACKS = [old] if fallbacks else []

    return replace


def test_who_is_signed_in_stays_so_in_the_same_session(alice, replace_key):
    browser = signed_in(alice)
    session = browser.cookies["session"].value
    replace_key(fallbacks=True)
    assert is_signed_in(browser)
    assert browser.cookies["session"].value == session


def test_a_link_that_was_mailed_before_is_good(alice, replace_key):
    Client().post(RESET, {"email": alice.email})
    link = mailed_link(f"{RESET}key/")
    replace_key(fallbacks=True)
    assert "This link is not valid" not in Client().get(link, follow=True).content.decode()


def test_what_a_key_signed_that_is_not_named_any_more_is_worth_nothing(alice, replace_key):
    browser = signed_in(alice)
    Client().post(RESET, {"email": alice.email})
    link = mailed_link(f"{RESET}key/")
    replace_key(fallbacks=False)
    assert not is_signed_in(browser)
    assert "This link is not valid" in Client().get(link, follow=True).content.decode()
