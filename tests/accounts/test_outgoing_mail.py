"""Mails leave by the worker: at least once, and nothing of them is kept."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import outgoing_mail
from accounts.mail import Letter, post
from accounts.models import OutgoingMail
from tests.accounts.steps import RESET, mailed_code, sign_up
from tests.post import letters

LETTER = Letter("Hello", "A text.", "Ignore it.")


class AwayServer(BaseEmailBackend):
    def send_messages(self, email_messages):
        raise ConnectionRefusedError


class StrictServer(BaseEmailBackend):
    """Knows nobody."""

    def send_messages(self, email_messages):
        raise smtplib.SMTPRecipientsRefused({"nobody@example.com": (550, b"no such user")})


@pytest.fixture
def away(settings, db):
    settings.EMAIL_BACKEND = f"{__name__}.AwayServer"


@pytest.fixture
def posted(db):
    now = timezone.now()
    post("alice@example.com", LETTER, None, now)
    return now


def test_a_code_waits_encrypted_and_is_gone_when_sent(db):
    sign_up(Client(), "carol@example.com")
    kept = OutgoingMail.objects.get().encrypted_content
    code = mailed_code()
    assert code not in kept
    assert "carol" not in kept
    assert not OutgoingMail.objects.exists()


def test_what_was_rolled_back_is_not_told(db):
    with transaction.atomic():
        post("alice@example.com", LETTER, None, timezone.now())
        transaction.set_rollback(True)
    assert letters() == []


def test_a_server_that_is_away_is_tried_again_and_given_up_after_a_day(away, posted, caplog):
    now, tries = posted, 0
    while OutgoingMail.objects.exists():
        tries += outgoing_mail.deliver_due(now)
        now = max(now, *OutgoingMail.objects.values_list("due_at", flat=True), now)
    assert posted + timedelta(days=1) <= now <= posted + timedelta(days=1, minutes=10)
    assert tries < 160
    assert "mail given up" in caplog.text
    assert "alice@example.com" not in caplog.text


def test_a_mail_put_off_goes_when_the_server_is_back(away, posted, settings):
    assert outgoing_mail.deliver_due(posted) == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert outgoing_mail.deliver_due(posted) == 0
    assert outgoing_mail.deliver_due(posted + timedelta(seconds=5)) == 1
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]


def test_an_address_that_the_server_does_not_know_is_not_asked_for_again(posted, settings):
    settings.EMAIL_BACKEND = f"{__name__}.StrictServer"
    assert outgoing_mail.deliver_due(posted) == 1
    assert not OutgoingMail.objects.exists()


def test_a_killed_workers_mail_is_sent_by_another_under_the_same_id(posted):
    dead = outgoing_mail.claim_due(posted)
    assert outgoing_mail.deliver_due(posted) == 0
    assert outgoing_mail.deliver_due(posted + outgoing_mail.LEASE) == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == f"<{dead.uuid}@localhost>"


def test_who_lost_the_lease_changes_nothing(away, posted):
    dead = outgoing_mail.claim_due(posted)
    heir = outgoing_mail.claim_due(posted + outgoing_mail.LEASE)
    outgoing_mail.put_off(dead, ConnectionRefusedError(), posted)
    assert OutgoingMail.objects.get().lease_until == heir.lease_until


def test_attack_112_no_mail_leaves_inside_a_reset_and_both_addresses_cost_alike(alice):
    statements = {}
    for email in ("alice@example.com", "nobody@example.com"):
        with CaptureQueriesContext(connection) as captured:
            Client().post(RESET, {"email": email})
        statements[email] = writes(captured)
    assert mail.outbox == []
    assert statements["alice@example.com"] == statements["nobody@example.com"]
    assert [message.to for message in letters()] == [["alice@example.com"]]


def writes(captured):
    """The statements that write, without their values."""
    told = [each["sql"].partition("(")[0] for each in captured.captured_queries]
    return [each for each in told if each.startswith(("INSERT", "UPDATE", "DELETE"))]
