"""Web processes that count the calls of the same partners at once."""

from functools import partial

import pytest
from django.utils import timezone

from partnership import request_log
from partnership.models import CallCount, LoggedCall
from tests.partnership.clients import partner as make_partner

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

PARTNERS, ROUNDS = 6, 12


def batch(partners, is_turned):
    """A call of each partner in each class; every second process has them the other way round."""
    calls = [
        LoggedCall(
            partner=each, environment="live", method="GET", path="/x", status=status, request_id="r",
            milliseconds=milliseconds, answered_at=timezone.now(),
        )
        for each in partners
        for status in (200, 404, 500)
        for milliseconds in (1, 40)
    ]  # fmt: skip
    return calls[::-1] if is_turned else calls


def test_no_call_is_lost_or_counted_twice_and_nobody_waits_in_a_ring(at_once):
    partners = [make_partner(f"ps_globex00000{n}", f"Globex {n}", is_white_label=True) for n in range(PARTNERS)]

    def write(is_turned):
        for _round in range(ROUNDS):
            request_log.keep(batch(partners, is_turned))

    at_once(*(partial(write, number % 2 == 1) for number in range(4)))

    assert CallCount.objects.count() == PARTNERS * 6
    assert set(CallCount.objects.values_list("calls", flat=True)) == {4 * ROUNDS}
    assert LoggedCall.objects.count() == PARTNERS * 6 * ROUNDS * 4
