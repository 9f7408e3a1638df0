"""An owner rotates the partner's secrets: shown once, with an overlap, after a new proof of who it is."""

import re

import pytest
from django.utils import timezone

from partnership.models import PartnerSecret
from tests import cast
from tests.forms import fields_of
from tests.partnership.clients import PartnerClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def secret(globex):
    return globex.partner.secrets.get()


def form(desk, overlap="7d"):
    return {**fields_of(desk.get("/secrets")), "overlap": overlap}


def secret_in(response) -> str:
    return re.search(r"gps_[A-Za-z0-9_-]{43}", response.content.decode())[0]


def works(globex, secret):
    return PartnerClient(globex.partner, secret).get("projects").status == 200


def test_a_rotation_shows_a_new_secret_that_may_do_the_same(olga, globex, secret):
    PartnerSecret.objects.update(scopes="projects:read", networks="127.0.0.0/8", name="servers")
    shown = olga.post(f"/secrets/{secret.pk}/rotate", form(olga))

    fresh = secret_in(shown)
    assert works(globex, fresh)
    assert works(globex, globex.secret)
    row = PartnerSecret.objects.latest("pk")
    assert (row.scopes, row.networks, row.name, row.environment) == ("projects:read", "127.0.0.0/8", "servers", "live")
    assert "no-store" in shown["Cache-Control"]
    event = globex.partner.events.get(type="secret.created")
    assert (event.actor_kind, event.actor_name) == ("user", "olga@example.com")


@pytest.mark.parametrize(("overlap", "days"), [("now", 0), ("24h", 1), ("7d", 7), ("30d", 30)])
def test_the_old_one_ends_when_it_is_said(olga, globex, secret, overlap, days, later):
    olga.post(f"/secrets/{secret.pk}/rotate", form(olga, overlap))
    if days:
        later(days=days, seconds=-5)
        assert works(globex, globex.secret)
        later(seconds=6)
    assert not works(globex, globex.secret)


def test_a_reload_shows_nothing_and_makes_nothing(olga, secret):
    filled = form(olga)
    olga.post(f"/secrets/{secret.pk}/rotate", filled)
    again = olga.reads_after(f"/secrets/{secret.pk}/rotate", filled)

    assert "gps_" not in again
    assert "The secrets changed since you opened the page" in again
    assert PartnerSecret.objects.count() == 2


def test_without_a_choice_nothing_happens(olga, secret):
    assert "Choose when" in olga.reads_after(f"/secrets/{secret.pk}/rotate", form(olga, "never"))
    assert PartnerSecret.objects.count() == 1


def test_one_is_ended_at_once_and_the_last_one_with_a_warning(olga, globex, secret):
    assert "It is the last one here" in olga.read("/secrets")
    assert "The secret has ended." in olga.reads_after(f"/secrets/{secret.pk}/end")
    assert not works(globex, globex.secret)
    assert "had ended before" in olga.reads_after(f"/secrets/{secret.pk}/end")
    assert globex.partner.events.filter(type="secret.ended", actor_kind="user").count() == 1


def test_each_environment_shows_its_own(olga, globex_test):
    assert "…gggg" in olga.read("/secrets")
    assert "…tttt" not in olga.read("/secrets")
    olga.environment = "test"
    page = olga.read("/secrets")
    assert "…tttt" in page
    assert "…gggg" not in page
    PartnerSecret.objects.filter(environment="test").delete()
    assert "There is no secret here" in olga.read("/secrets")


def test_attack_182_an_old_sign_in_rotates_and_ends_nothing_before_a_new_proof(olga, globex, secret):
    filled = form(olga)
    olga.browser = cast.signed_in(olga.person, at=timezone.now().timestamp() - 301)
    for act in ("rotate", "end"):
        asked = olga.post(f"/secrets/{secret.pk}/{act}", filled)
        assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert PartnerSecret.objects.get().expires_at is None

    asked = olga.post(f"/secrets/{secret.pk}/rotate", filled)
    proof = {"password": cast.PASSWORD, "next": olga.at(f"/secrets/{secret.pk}/rotate")}
    assert works(globex, secret_in(olga.browser.post(asked["Location"], proof)))


def test_attack_183_no_page_and_no_list_has_a_secret_or_its_digest(olga, globex, secret):
    fresh = secret_in(olga.post(f"/secrets/{secret.pk}/rotate", form(olga)))
    for path in ("", "/secrets", "/members"):
        page = olga.read(path)
        for held in (fresh, globex.secret, bytes(secret.digest).hex()):
            assert held not in page
