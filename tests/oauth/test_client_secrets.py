import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError
from django.utils import timezone

from accounts.digests import digest
from oauth_provider import client_secrets
from oauth_provider.client_secrets import OVERLAPS, SecretRefused
from oauth_provider.models import ClientSecret
from tests.cast import ACME_SECRET

MONDAY = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def rotate(client, overlap: str = "7d", now: dt.datetime | None = None) -> str:
    now = now or timezone.now()
    seen = [secret.pk for secret in client_secrets.live(client.application, now)]
    return client_secrets.rotate(client.application, overlap=OVERLAPS[overlap][0], seen=seen, now=now)


def works(client, secret: str, alice) -> bool:
    client.secret = secret
    status = client.tokens_for(alice).status
    assert status in (200, 401)
    return status == 200


@pytest.mark.contract("oauth.md", "Clients", "secrets")
def test_attack_055_the_old_secret_works_in_the_overlap_and_not_after(alice, acme_app):
    with time_machine.travel(MONDAY, tick=False) as clock:
        fresh = rotate(acme_app, "24h")
        assert works(acme_app, ACME_SECRET, alice)
        assert works(acme_app, fresh, alice)
        clock.shift(dt.timedelta(hours=24, seconds=-1))
        assert works(acme_app, ACME_SECRET, alice)
        clock.shift(dt.timedelta(seconds=1))
        assert not works(acme_app, ACME_SECRET, alice)
        assert works(acme_app, fresh, alice)


def test_now_means_now(alice, acme_app):
    fresh = rotate(acme_app, "now")
    assert not works(acme_app, ACME_SECRET, alice)
    assert works(acme_app, fresh, alice)


@pytest.mark.parametrize(("overlap", "hours"), [("now", 0), ("24h", 24), ("7d", 168), ("30d", 720)])
def test_each_overlap_ends_the_old_one_when_it_says(acme_app, overlap, hours):
    rotate(acme_app, overlap, MONDAY)
    assert acme_app.application.secrets.get(slot=1).expires_at == MONDAY + dt.timedelta(hours=hours)


def test_at_most_two_are_live(acme_app):
    rotate(acme_app)
    with pytest.raises(SecretRefused, match="at most two"):
        rotate(acme_app)
    assert acme_app.application.secrets.count() == 2


def test_after_a_leak_both_end_at_once(alice, acme_app):
    second = rotate(acme_app)
    third = rotate(acme_app, "now")
    assert not works(acme_app, ACME_SECRET, alice)
    assert not works(acme_app, second, alice)
    assert works(acme_app, third, alice)


def test_a_slot_is_free_again_when_its_secret_has_ended(acme_app):
    rotate(acme_app, "24h", MONDAY)
    rotate(acme_app, "24h", MONDAY + dt.timedelta(days=2))
    rotate(acme_app, "24h", MONDAY + dt.timedelta(days=4))
    assert acme_app.application.secrets.count() == 2


def test_the_same_form_sent_twice_rotates_once(acme_app):
    seen = [secret.pk for secret in acme_app.application.secrets.all()]
    now = timezone.now()
    client_secrets.rotate(acme_app.application, overlap=dt.timedelta(days=7), seen=seen, now=now)
    with pytest.raises(SecretRefused, match="changed since"):
        client_secrets.rotate(acme_app.application, overlap=dt.timedelta(0), seen=seen, now=now)


def test_a_public_client_has_none(acme_cli):
    with pytest.raises(SecretRefused, match="public"):
        rotate(acme_cli)


def test_end_now(alice, acme_app):
    fresh = rotate(acme_app)
    old = acme_app.application.secrets.get(last_four=ACME_SECRET[-4:])
    assert client_secrets.end(acme_app.application, old.pk, timezone.now())
    assert not client_secrets.end(acme_app.application, old.pk, timezone.now())
    assert not works(acme_app, ACME_SECRET, alice)
    assert works(acme_app, fresh, alice)


def test_a_secret_of_another_client_is_not_ended(acme_app, meter):
    assert not client_secrets.end(acme_app.application, meter.application.secrets.get().pk, timezone.now())


def test_only_the_digest_is_kept(acme_app):
    fresh = rotate(acme_app)
    row = acme_app.application.secrets.get(slot=2)
    assert bytes(row.digest) == digest(fresh)
    assert row.last_four == fresh[-4:]


def test_the_database_refuses_a_third(acme_app):
    rotate(acme_app)
    with pytest.raises(IntegrityError):
        ClientSecret.objects.create(
            application=acme_app.application, slot=3, digest=digest("x"), last_four="x", created_at=MONDAY
        )


def test_last_use_is_noted_once_a_minute(alice, acme_app):
    with time_machine.travel(MONDAY, tick=False) as clock:
        acme_app.tokens_for(alice)
        clock.shift(59)
        acme_app.tokens_for(alice)
        assert acme_app.application.secrets.get().last_used_at == MONDAY
        clock.shift(2)
        acme_app.tokens_for(alice)
        assert acme_app.application.secrets.get().last_used_at == MONDAY + dt.timedelta(seconds=61)
