"""Signing keys that several workers replace at once."""

from functools import partial

import pytest
from django.utils import timezone

from oauth_provider import keys
from oauth_provider.models import SigningKey

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_workers_that_rotate_at_once_publish_one_key_of_each_set(at_once):
    now = timezone.now()
    keys.rotate(now)
    before = SigningKey.objects.count()
    made = at_once(*[partial(keys.rotate, now, at_once=True)] * 4)
    assert SigningKey.objects.count() == 2 * before
    assert sum(map(len, made)) == before
