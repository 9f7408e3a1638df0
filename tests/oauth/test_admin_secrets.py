"""Staff rotate and end secrets, through the forms as a browser sends them."""

import datetime as dt

import time_machine

from accounts.digests import digest
from tests import cast
from tests.forms import fields_of
from tests.oauth.test_admin_clients import page_of, secret_in, staff_browser, text

__all__ = ["staff_browser"]

MONDAY = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def rotate(browser, application, overlap="7d"):
    form = {**fields_of(browser.get(page_of(application, "secrets"))), "overlap": overlap}
    return browser.post(page_of(application, "secrets/rotate"), form), form


def works(client, secret, person) -> bool:
    client.secret = secret
    return client.tokens_for(person).status == 200


def test_rotating_shows_the_new_secret_once(staff_browser, alice, acme_app):
    page, form = rotate(staff_browser, acme_app.application)
    fresh = secret_in(page)
    assert works(acme_app, fresh, alice)
    assert works(acme_app, cast.ACME_SECRET, alice)

    again = staff_browser.post(page_of(acme_app.application, "secrets/rotate"), form, follow=True)

    assert "Nothing was done" in text(again)
    assert fresh not in text(again)
    assert acme_app.application.secrets.count() == 2


def test_seven_days_is_what_is_ticked_and_what_is_shown(staff_browser, acme_app):
    _page, form = rotate(staff_browser, acme_app.application)
    page = text(staff_browser.get(page_of(acme_app.application, "secrets")))
    assert form["overlap"] == "7d"
    assert "…aaaa" in page
    assert "ends in 6\xa0days" in page


def test_a_page_of_secrets_has_last_four_and_no_digest(staff_browser, acme_app):
    page = text(staff_browser.get(page_of(acme_app.application, "secrets")))
    assert "…aaaa" in page
    assert digest(cast.ACME_SECRET).hex() not in page
    assert cast.ACME_SECRET not in page


def test_attack_055_end_now_ends_it_now(staff_browser, alice, acme_app):
    page, _form = rotate(staff_browser, acme_app.application, "30d")
    old = acme_app.application.secrets.get(slot=1)
    staff_browser.post(page_of(acme_app.application, f"secrets/{old.pk}/end"))
    assert not works(acme_app, cast.ACME_SECRET, alice)
    assert works(acme_app, secret_in(page), alice)


def test_attack_055_after_the_overlap_the_old_one_is_dead(staff_browser, alice, acme_app):
    with time_machine.travel(MONDAY, tick=False) as clock:
        browser = cast.signed_in(cast.person("sue@example.com", "Sue Staff", is_staff=True, is_superuser=True))
        page, _form = rotate(browser, acme_app.application, "24h")
        clock.shift(dt.timedelta(hours=24))
        assert not works(acme_app, cast.ACME_SECRET, alice)
        assert works(acme_app, secret_in(page), alice)


def test_the_last_one_says_what_its_end_means(staff_browser, acme_app):
    page = text(staff_browser.get(page_of(acme_app.application, "secrets")))
    assert "until you rotate, the client gets no tokens" in page


def test_a_third_is_refused_with_the_reason(staff_browser, acme_app):
    rotate(staff_browser, acme_app.application)
    form = {**fields_of(staff_browser.get(page_of(acme_app.application, "secrets"))), "overlap": "24h"}
    page = staff_browser.post(page_of(acme_app.application, "secrets/rotate"), form, follow=True)
    assert "there are at most two" in text(page)


def test_an_unknown_overlap_is_refused(staff_browser, acme_app):
    page = staff_browser.post(page_of(acme_app.application, "secrets/rotate"), {"overlap": "1y"}, follow=True)
    assert "Choose when the old secret ends." in text(page)
    assert acme_app.application.secrets.count() == 1


def test_rotation_and_end_stand_in_the_history(staff_browser, acme_app):
    page, _form = rotate(staff_browser, acme_app.application)
    history = text(staff_browser.get(page_of(acme_app.application, "history")))
    assert "<del>…aaaa</del>" in history
    assert f"<ins>…{secret_in(page)[-4:]}, …aaaa (ends" in history
    assert secret_in(page) not in history


def test_a_public_client_has_no_secrets_to_rotate(staff_browser, acme_cli):
    page = staff_browser.post(page_of(acme_cli.application, "secrets/rotate"), {"overlap": "now"}, follow=True)
    assert "A public client has no secret." in text(page)
