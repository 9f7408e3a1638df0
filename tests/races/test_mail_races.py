"""Many workers after one mail: it is one worker's."""

from functools import partial

import pytest
from django.utils import timezone

from accounts import outgoing_mail
from accounts.mail import Letter, post
from accounts.models import OutgoingMail

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_ten_workers_send_each_of_thirty_mails_once(mailoutbox, at_once):
    now = timezone.now()
    for number in range(30):
        post(f"a{number}@example.com", Letter("Hello", "A text.", "Ignore it."), None, now)
    assert sum(at_once(*[partial(outgoing_mail.deliver_due, now)] * 10)) == 30
    assert len({message.to[0] for message in mailoutbox}) == len(mailoutbox) == 30
    assert not OutgoingMail.objects.exists()
