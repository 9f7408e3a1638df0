"""What collectors make of a real project of each provisioner, by the partner's own calls."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.encryption import encrypt
from partnership import operations, waiting
from partnership.models import Project, Provisioner, Region
from partnership.provisioners import DRIVERS
from tests.partnership.provisioners.grounds import Ground
from tests.usage.measuring import figures, sizes_of
from usage import compute, sizes
from usage.models import Collection, Event

pytestmark = pytest.mark.django_db

INTERVAL = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def worker(monkeypatch):
    """A worker that comes a second and a half later each time, when polls are due."""
    at = [timezone.now()]

    def work(_seconds: float) -> None:
        at[0] += timedelta(seconds=1.5)
        operations.run_due(at[0])

    monkeypatch.setattr(waiting, "sleep", work)


@pytest.fixture
def shop(ground: Ground, globex):
    """An active project that the driver of `ground` made, as the partner sees it."""
    kind = next(name for name, class_ in DRIVERS.items() if isinstance(ground.driver, class_))
    text = encrypt(json.dumps(dict(ground.driver.settings)))
    values = {"kind": kind, "encrypted_settings": text}
    provisioner, _ = Provisioner.objects.update_or_create(name=kind, defaults=values)
    Region.objects.filter(pk="us-west").update(provisioner=provisioner)
    found = globex.sync("Shop", region="us-west")["project"]
    assert found["status"] == "active"
    yield Project.objects.get(pk=found["id"])
    assert globex.delete(found["id"]).status == 200


def collected(project) -> Collection:
    return Collection.objects.get(project=project, kind="sizes")


def test_sizes_are_real_or_the_failure_has_its_name(ground, globex, shop):
    now = timezone.now()
    sizes.collect(now)
    if ground.measures_nothing:
        assert collected(shop).failure == "not_measurable"
        assert collected(shop).due_at == now + INTERVAL
        assert not Event.objects.exists()
        return
    database, storage = sizes_of(shop.pk, now.date())
    assert database > 4096
    assert storage == 0


@pytest.mark.parametrize("verb", ["pause", "restore"])
def test_trap_14_paused_it_is_measured_as_before(ground, globex, shop, verb):
    if ground.measures_nothing:
        pytest.skip("a service broker tells no sizes: the test above")
    wait = {"wait_for_completion": True}
    assert globex.post(f"{shop.pk}/pause", wait)["project"]["status"] == "paused"
    if verb == "restore":
        globex.post(f"{shop.pk}/restore", wait)
    now = timezone.now() + INTERVAL
    sizes.collect(now)
    assert collected(shop).failure == ""
    assert sizes_of(shop.pk, now.date())[0] > 4096


def test_compute_counts_whoever_made_the_project(ground, globex, shop):
    """From the audit log alone: no provisioner is asked."""
    now = timezone.now() + timedelta(hours=2)
    compute.collect(now)
    days = {shop.created_at.date(), now.date()}
    total = sum((figures(shop.pk, day, "ec2_compute") or (0,))[0] for day in days)
    assert 6000 < total <= 7200
