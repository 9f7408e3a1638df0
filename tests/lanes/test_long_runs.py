"""The long runs against models can begin: outside pytest, where none of its fixtures help."""

import os

import pytest

from tests import nightly

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(("module", "what"), [("usage.long_run", "sequences"), ("oauth.long_run_of_tokens", "steps")])
def test_a_long_run_does_what_it_is_asked_for(module, what, monkeypatch):
    monkeypatch.setattr(nightly, "SERVER", os.environ["GATEHOUSE_DATABASE_URL"].rpartition("/")[0])

    found = nightly.go(nightly.Run("Short", f"tests.{module}", ("31",), "postgresql"))

    assert found.is_well, found.numbers
    assert found.numbers[what] >= found.numbers["asked for"] == 31
