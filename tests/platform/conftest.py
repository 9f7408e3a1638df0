"""alice owns a team, bob is a member of it, mallory of nothing but her own; each holds a token."""

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, Organization, Role
from accounts.sign_ins import SignIn
from oauth_provider import authorization_request, consent
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
    """What a program gets from its person: `token_of(alice, "projects:read")`. Without the way through the browser,
    which other tests go and here would be most of the time.
    """

    def token_of(person, scope=PRODUCT_SCOPES):
        now, asked = timezone.now(), authorization_request.read(acme_app.authorize_query(scope=scope))
        with transaction.atomic():
            code = consent.give(asked, person, sign_in=SignIn("", now, ("pwd",)), now=now)
        return PlatformClient(acme_app.redeem(code)["access_token"])

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
