import pytest

from oauth_provider import client_names
from tests import cast


@pytest.mark.parametrize(
    "name", ["Ab", "Acme", "Acme CLI (beta)", "Crème brûlée", "株式会社", "A" * 100, "<b>Acme</b>"]
)
def test_names_that_may_be(name):
    assert client_names.find_fault(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "2 to 100"),
        ("A", "2 to 100"),
        ("A" * 101, "2 to 100"),
        ("Acme\u202eevil", "invisible"),
        ("Acme\u2066evil", "invisible"),
        ("Ac\u200bme", "invisible"),
        ("Acme\u00a0Inc", "invisible"),
        ("Acme\n", "invisible"),
        ("Acme\x00", "invisible"),
        ("Acme\u2028", "invisible"),
        ("A\u0300\u0301\u0302\u0303cme", "accents"),
        ("...", "letter or digit"),
    ],
)
def test_attack_035_names_that_hide_something(name, reason):
    assert reason in (client_names.find_fault(name) or "accepted")


@pytest.mark.parametrize(
    "name", ["Acme", "ACME", "a c m e", "Аcme", "Αcme", "acmé", "Ａｃｍｅ", "Acrne", "A.c.m.e.", "асме"]
)
def test_attack_035_what_looks_like_a_verified_client_is_known(db, name):
    cast.web_application("Acme", is_verified=True)
    assert client_names.find_verified_namesake(name, besides=None) == "Acme"


@pytest.mark.parametrize("name", ["Acme Two", "Acmes", "Bookshelf"])
def test_other_names_are_other_names(db, name):
    cast.web_application("Acme", is_verified=True)
    assert client_names.find_verified_namesake(name, besides=None) is None


def test_nobody_but_us_has_our_name(db):
    assert client_names.find_verified_namesake("Gateh0use", besides=None) == "Gatehouse"


def test_a_client_is_no_namesake_of_itself(db):
    acme = cast.web_application("Acme", is_verified=True)
    assert client_names.find_verified_namesake("Acme", besides=acme.pk) is None


def test_unverified_namesakes_of_one_about_to_be_verified(db):
    acme = cast.web_application("Acme")
    assert client_names.find_unverified_namesakes("Αcme", besides=None) == [acme.client_id]


def test_spaces_are_tidied():
    assert client_names.tidy("  Acme   Two ") == "Acme Two"
