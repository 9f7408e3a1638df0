"""What a person is told by mail about applications."""

from django.utils import timezone

from oauth_provider.letters import tell_of_reuse
from tests.post import letters


def test_allowing_is_told_and_allowing_the_same_again_is_not(alice, acme_cli):
    for _ in range(2):
        acme_cli.code_for(alice, scope="projects:write")
    (letter,) = letters()
    assert letter.to == ["alice@example.com"]
    assert "You allowed Acme CLI" in letter.subject
    assert "Create, change, pause and delete your projects" in letter.body
    assert "http://localhost:8000/account/apps" in letter.body


def test_allowing_more_is_told(alice, acme_app):
    acme_app.code_for(alice)
    acme_app.code_for(alice, scope="user:read projects:read")
    assert "more" in letters()[1].subject


def test_a_mail_server_that_is_away_stops_nobody(alice, acme_app, settings):
    settings.EMAIL_BACKEND = "nowhere.Backend"
    assert acme_app.code_for(alice)


def test_a_reused_refresh_token_is_told_once(alice, acme_cli, later):
    first = acme_cli.tokens_for(alice)
    acme_cli.refresh(first["refresh_token"])
    later(seconds=31)
    acme_cli.refresh(first["refresh_token"])
    assert tell_of_reuse(timezone.now()) == {"letters": 1}
    assert tell_of_reuse(timezone.now()) == {"letters": 0}
    assert "Acme CLI was signed out" in letters()[-1].subject
    assert first["refresh_token"] not in letters()[-1].body
