"""A client that registered itself, ended and changed at the same moment."""

import pytest

from oauth_provider.models import Application
from tests.oauth.test_registration import RFC_7591, register
from tests.oauth.test_registration_management import call, metadata

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_two_that_take_a_client_away_at_once_both_find_it_gone(at_once):
    made = register(RFC_7591)
    answers = at_once(*[lambda: call("delete", made)] * 4)
    statuses = {answer.status for answer in answers}
    assert statuses in ({204}, {204, 401})
    assert not Application.objects.filter(client_id=made["client_id"]).exists()


def test_a_change_at_the_moment_of_the_end_is_made_or_refused(at_once):
    made = register(RFC_7591)
    changed = metadata(made, client_name="Other")
    ended, *changes = at_once(lambda: call("delete", made), *[lambda: call("put", made, changed)] * 3)
    assert ended.status == 204
    assert {answer.status for answer in changes} <= {200, 401}
