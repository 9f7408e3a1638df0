"""globex's own people: olga owns, dan develops, vera looks. mallory owns initech, and is curious about globex."""

import pytest
from django.utils import timezone

from partnership.models import PartnerMember
from tests import cast
from tests.partnership.console.rows import Desk, Globex


@pytest.fixture
def of_globex(globex):
    """One of each thing that globex has, and the ids of all of it."""
    return Globex(globex)


def desk(partner, role, name):
    person = cast.person(f"{name.lower()}@example.com", name)
    PartnerMember.objects.create(partner=partner, user=person, role=role, created_at=timezone.now())
    return Desk(cast.signed_in(person), person, partner)


@pytest.fixture
def olga(globex):
    return desk(globex.partner, "owner", "Olga")


@pytest.fixture
def dan(globex):
    return desk(globex.partner, "developer", "Dan")


@pytest.fixture
def vera(globex):
    return desk(globex.partner, "viewer", "Vera")


@pytest.fixture
def of_initech(initech):
    return desk(initech.partner, "owner", "Mallory")
