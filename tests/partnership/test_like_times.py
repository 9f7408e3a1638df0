"""connect-user tells nobody who has an account: neither by its answer nor by what it takes."""

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization, User
from tests.cast import signed_in
from tests.post import letters

SAVEPOINTS = ("SAVEPOINT", "RELEASE", "ROLLBACK")


@pytest.fixture
def statements_of(acme):
    """The statements of connect-user for an address, savepoints left out."""

    def count(email: str) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            acme.connect(email)
        told = [each["sql"].partition(" WHERE ")[0].partition("VALUES")[0] for each in captured.captured_queries]
        return sorted(each for each in told if not each.startswith(SAVEPOINTS))

    acme.connect("first@example.com")  # the partner's secret is looked at more closely once
    return count


@pytest.mark.contract("partnership.md", "Co-branded", "POST `connect-user`")
def test_attack_112_known_and_new_people_take_the_same_statements_and_no_mail_leaves_meanwhile(alice, statements_of):
    assert statements_of("alice@example.com") == statements_of("carol@example.com")
    assert mail.outbox == []
    assert [message.to for message in letters()[1:]] == [["alice@example.com"], ["carol@example.com"]]


def test_what_is_written_for_nobody_is_not_kept(alice, statements_of):
    before = User.objects.count(), Organization.objects.count()
    statements_of("alice@example.com")
    assert (User.objects.count(), Organization.objects.count()) == before


def test_attack_112_after_a_cut_asking_again_writes_and_mails_no_more_than_for_the_linked(acme, alice, statements_of):
    statements_of("alice@example.com")
    linked = statements_of("alice@example.com")
    signed_in(alice).post(f"/account/apps/partners/{acme.partner.pk}/cut")
    asked = statements_of("alice@example.com")
    assert len(asked) == len(linked) + len(["the new agreement", "the mail that asks for it", *notify()])
    assert statements_of("alice@example.com") == linked


def notify() -> list[str]:
    return ["NOTIFY"] if connection.vendor == "postgresql" else []
