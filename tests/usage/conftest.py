"""globex is a white-label partner, its project is Shop; the meter is a machine client."""

import pytest

from tests.partnership.clients import partner
from tests.usage.clients import MeterClient, white_label_project


@pytest.fixture
def globex(db):
    return partner("ps_globex000001", "Globex", is_white_label=True)


@pytest.fixture
def initech(db):
    """Another white-label partner."""
    return partner("ps_initech00001", "Initech", is_white_label=True)


@pytest.fixture
def shop(globex):
    return white_label_project(globex)


@pytest.fixture
def gauge(meter, shop):
    """The machine client at the wire; what it sends is the shop's unless it says otherwise."""
    return MeterClient(meter, str(shop.pk))
