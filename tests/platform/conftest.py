"""alice owns a team, bob is a member of it, mallory of nothing but her own; each holds a token."""

import pytest
from django.utils import timezone

from accounts.models import Membership, Organization, Role
from partnership import operations
from tests.cast import PRODUCT_SCOPES
from tests.partnership.conftest import acme, globex, no_worker, projects_folder, worker  # noqa: F401
from tests.platform.clients import PlatformClient


@pytest.fixture
def team(alice, bob):
    organization = Organization.objects.create(name="Alice and Bob", type="team", slug="alice-and-bob")
    Membership.objects.create(organization=organization, user=alice, role=Role.OWNER)
    Membership.objects.create(organization=organization, user=bob, role=Role.MEMBER)
    return organization


@pytest.fixture
def token_of(acme_app):
    """What a program gets from its person: `token_of(alice, "projects:read")`."""

    def token_of(person, scope=PRODUCT_SCOPES):
        return PlatformClient(acme_app.tokens_for(person, scope=scope)["access_token"])

    return token_of


@pytest.fixture
def as_alice(token_of, alice, team):
    return token_of(alice)


@pytest.fixture
def as_bob(token_of, bob, team):
    return token_of(bob)


@pytest.fixture
def as_mallory(token_of, mallory):
    return token_of(mallory)


@pytest.fixture
def stranger(db):
    return PlatformClient(None)


@pytest.fixture
def shop(as_alice, team, run_workers):
    """An active project of the team: its path."""
    project = as_alice.post(f"/organizations/v1/{team.pk}/projects", {"name": "Shop"})["project"]
    run_workers()
    return f"/projects/v1/{project['id']}"


@pytest.fixture
def run_workers():
    """What is due is done, as by `manage.py work` beside the web processes."""
    return lambda: operations.run_due(timezone.now())
