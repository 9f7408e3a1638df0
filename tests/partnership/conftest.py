"""acme is a co-branded partner, globex a white-label one; the worker works while they wait."""

import pytest
from django.utils import timezone

from partnership import operations, waiting
from partnership.models import Environment
from tests.partnership.calls import both_modes
from tests.partnership.clients import ACME_SECRET, GLOBEX_SECRET, PartnerClient, add_secret, partner


@pytest.fixture(autouse=True)
def projects_folder(settings, tmp_path):
    settings.EMBEDDED_PROJECTS = tmp_path / "projects"
    return settings.EMBEDDED_PROJECTS


@pytest.fixture(autouse=True)
def worker(monkeypatch):
    """Time that a request waits is time in which a worker does what is due."""
    monkeypatch.setattr(waiting, "sleep", lambda _seconds: operations.run_due(timezone.now()))


@pytest.fixture
def no_worker(monkeypatch):
    """Nobody works, and a wait passes at once."""
    passed = iter(range(10_000_000))
    monkeypatch.setattr(waiting, "sleep", lambda _seconds: None)
    monkeypatch.setattr(waiting, "clock", lambda: float(next(passed)))


@pytest.fixture
def acme(db):
    owner = partner("ps_acme00000001", "Acme", is_co_branded=True)
    add_secret(owner, ACME_SECRET)
    return PartnerClient(owner, ACME_SECRET)


@pytest.fixture
def globex(db):
    owner = partner("ps_globex000001", "Globex", is_white_label=True)
    add_secret(owner, GLOBEX_SECRET)
    return PartnerClient(owner, GLOBEX_SECRET)


@pytest.fixture
def globex_test(globex):
    """globex with a secret of its test environment."""
    secret = "gps_" + "t" * 43
    add_secret(globex.partner, secret, environment=Environment.TEST)
    return PartnerClient(globex.partner, secret)


@pytest.fixture
def shop(globex):
    """An active project of globex: the id."""
    return globex.sync()["project"]["id"]


@pytest.fixture
def initech(db):
    """A partner in good standing, who is curious."""
    return both_modes("ps_initech00001", "Initech", "gps_" + "i" * 43)
