"""/livez and /readyz, as a platform's probes ask them."""

import pytest
from django.db import DatabaseError
from django.test import Client

from config import health
from tests.house.test_outages import redis_that_is_away


def test_livez_asks_neither_database_nor_cache(monkeypatch):
    # Without the mark `django_db` any query fails.
    monkeypatch.setattr(health, "cache", None)

    response = Client().get("/livez", headers={"Host": "10.1.2.3", "Cookie": "session=of-somebody"})

    assert (response.status_code, response.json()["status"]) == (200, "ok")
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_readyz_says_what_it_looked_at():
    response = Client().get("/readyz", headers={"Host": "10.1.2.3"})

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": {"database": "ok", "migrations": "ok", "cache": "ok"}}


@pytest.mark.parametrize("part", ["database", "migrations", "cache"])
def test_readyz_is_503_when_a_part_fails_and_repeats_no_driver_message(monkeypatch, part):
    def fail():
        raise DatabaseError("postgresql://gatehouse:hunter2@db")

    monkeypatch.setattr(health, "CHECKS", {"database": lambda: None, part: fail})
    monkeypatch.setattr(health, "CACHE", health.Cache())

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"][part] == "failed"
    assert b"hunter2" not in response.content


def test_a_process_stays_ready_without_the_cache_that_it_has_once_reached(monkeypatch, settings):
    reached = health.Cache()
    monkeypatch.setattr(health, "CACHE", reached)
    monkeypatch.setattr(health, "CHECKS", {"cache": reached.check})
    assert Client().get("/readyz").status_code == 200

    settings.CACHES = redis_that_is_away()

    response = Client().get("/readyz")
    assert (response.status_code, response.json()["checks"]) == (200, {"cache": "failed"})


def test_migrations_are_looked_at_until_they_are_applied(monkeypatch):
    pending = [["accounts.0002"], []]
    monkeypatch.setattr(health, "unapplied_migrations", lambda: pending.pop(0))
    migrations = health.Migrations()

    with pytest.raises(health.NotMigrated):
        migrations.check()
    migrations.check()
    migrations.check()

    assert pending == []


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_probe_only_reads(path):
    assert Client().post(path).status_code == 405
