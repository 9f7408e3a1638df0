"""What a person is told by mail about applications."""

import pytest
from django.core import mail
from django.utils import timezone

from oauth_provider import letters


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    return django_capture_on_commit_callbacks


def test_allowing_is_told_and_allowing_the_same_again_is_not(alice, acme_cli, committed):
    for _ in range(2):
        with committed(execute=True):
            acme_cli.code_for(alice, scope="projects:write")
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.com"]
    assert "You allowed Acme CLI" in letter.subject
    assert "Create, change, pause and delete your projects" in letter.body
    assert "http://localhost:8000/account/apps" in letter.body


def test_allowing_more_is_told(alice, acme_app, committed):
    acme_app.code_for(alice)
    with committed(execute=True):
        acme_app.code_for(alice, scope="user:read projects:read")
    assert "more" in mail.outbox[0].subject


def test_a_mail_server_that_is_away_stops_nobody(alice, acme_app, committed, settings):
    settings.EMAIL_BACKEND = "nowhere.Backend"
    with committed(execute=True):
        assert acme_app.code_for(alice)


def test_a_reused_refresh_token_is_told_once(alice, acme_cli, later):
    first = acme_cli.tokens_for(alice)
    acme_cli.refresh(first["refresh_token"])
    later(seconds=31)
    acme_cli.refresh(first["refresh_token"])
    assert letters.tell_of_reuse(timezone.now()) == {"letters": 1}
    assert letters.tell_of_reuse(timezone.now()) == {"letters": 0}
    assert "Acme CLI was signed out" in mail.outbox[0].subject
    assert first["refresh_token"] not in mail.outbox[0].body
