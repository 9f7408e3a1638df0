"""A project's whole life through each provisioner, by the partner's own calls."""

import json
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.encryption import decrypt, encrypt
from partnership import operations, recovery, waiting
from partnership.events import SYSTEM
from partnership.models import Operation, Project, Provisioner, Region
from partnership.provisioners import DRIVERS
from tests.partnership.provisioners.grounds import Ground

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def worker(monkeypatch):
    """A worker that comes a second and a half later each time, when polls are due."""
    at = [timezone.now()]

    def work(_seconds: float) -> None:
        at[0] += timedelta(seconds=1.5)
        operations.run_due(at[0])

    monkeypatch.setattr(waiting, "sleep", work)


@pytest.fixture
def kind(ground: Ground) -> str:
    """us-west is made by the driver of `ground`."""
    name = next(name for name, class_ in DRIVERS.items() if isinstance(ground.driver, class_))
    text = encrypt(json.dumps(dict(ground.driver.settings)))
    provisioner, _ = Provisioner.objects.update_or_create(
        name=name, defaults={"kind": name, "encrypted_settings": text}
    )
    Region.objects.filter(pk="us-west").update(provisioner=provisioner)
    return name


@pytest.fixture
def shop(kind, globex):
    """The id of an active project in us-west; deleted afterwards whatever the test did."""
    found = globex.sync("Shop", region="us-west")["project"]
    assert found["status"] == "active"
    yield found["id"]
    project = Project.objects.get(pk=found["id"])
    driver = DRIVERS[kind](json.loads(decrypt(project.provisioner.encrypted_settings)))
    if (project.status != "deleted" or project.purge_at) and kind != "osb":
        driver.delete(operations.spec_of(Operation.objects.filter(project=project).latest("created_at")), print, {})


def test_a_whole_life(globex, shop, kind):
    status = lambda: globex.get(f"{shop}/metadata")["project"]["status"]  # noqa: E731
    wait = {"wait_for_completion": True}
    assert globex.post(f"{shop}/pause", wait)["project"]["status"] == "paused"
    assert status() == "paused"
    assert globex.post(f"{shop}/restore", wait)["project"]["status"] == "active"
    assert globex.post(f"{shop}/upgrade", {"instance_type": "micro", **wait})["newInstanceType"] == "micro"
    assert globex.get(f"{shop}/metadata")["project"]["instance_type"] == "micro"
    assert globex.post(f"{shop}/restart", {"insforge_oss_version": "v2.2.3", **wait}).status == 200
    assert status() == "active"
    assert globex.delete(shop).status == 200
    assert globex.get(f"{shop}/metadata").status == 404
    assert set(Operation.objects.values_list("status", "attempts")) == {("succeeded", 1)}


def test_credentials_are_kept_encrypted_and_go_with_the_project(globex, shop, kind):
    kept = Project.objects.get().encrypted_credentials
    assert bool(kept) == (kind != "embedded")
    assert "password" not in kept
    assert not kept or "password" in json.loads(decrypt(kept))
    globex.delete(shop)
    assert Project.objects.get().encrypted_credentials == kept  # they wait as its data does
    purge()
    assert Project.objects.get().encrypted_credentials == ""


def test_it_comes_back_from_its_deletion_as_it_was_and_is_purged_once(globex, shop, ground):
    if not {"pause", "restore"} <= ground.driver.can:
        pytest.skip("this driver deletes at once")
    globex.delete(shop)
    recovery.begin(Project.objects.get(), reason="Asked for", actor=SYSTEM, now=timezone.now())
    work()
    assert globex.get(f"{shop}/metadata")["project"]["status"] == "active"
    globex.delete(shop)
    purge()
    assert Project.objects.get().purge_at is None
    assert set(Operation.objects.values_list("status", "attempts")) == {("succeeded", 1)}


def purge() -> None:
    """Its days are over."""
    now = timezone.now() + timedelta(days=8)
    assert recovery.purge_due(now) == 1
    work(now)


def work(at: datetime | None = None) -> None:
    """Until nothing is left to do, polls too."""
    at = at or timezone.now()
    while Operation.objects.filter(finished_at=None).exists():
        at += timedelta(seconds=1.5)
        operations.run_due(at)
