"""The post of the tests: letters leave when somebody looks into a mailbox, as a worker would send them."""

from datetime import timedelta

from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from accounts import outgoing_mail


def letters() -> list[EmailMessage]:
    """All mails so far, oldest first; those that are due are sent before."""
    # A worker's own time runs on where a test has stopped the clock.
    outgoing_mail.deliver_due(timezone.now() + timedelta(minutes=1), limit=1000)
    return list(mail.outbox)
