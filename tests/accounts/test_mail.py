"""The mails, and /dev/mail."""

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.test import Client

from accounts.caught_mail import CaughtMailBackend
from accounts.letters import LETTERS
from config.mail import mail_server
from tests.accounts.steps import RESET
from tests.post import letters

FACTS = {"code": "ABCD", "password_reset_url": "http://x", "to_email": "n@x", "from_email": "o@x"}


def test_a_mail_says_what_when_from_where_and_what_if_it_was_not_you(alice):
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        Client(REMOTE_ADDR="192.0.2.9", HTTP_USER_AGENT="Firefox/140 Linux").post(RESET, {"email": alice.email})
    message = letters()[0]
    for text in (message.body, message.alternatives[0].content):
        for part in ("asked for a new password", "2026-01-01 12:00 UTC", "192.0.2.9 (Firefox on Linux)", "Not you?"):
            assert part in text


def test_a_mail_loads_nothing(alice):
    Client().post(RESET, {"email": alice.email})
    html = letters()[0].alternatives[0].content
    assert not any(sign in html for sign in ("<img", "src=", "url(", "<script", "<link"))


@pytest.mark.parametrize("occasion", LETTERS)
def test_every_letter_has_a_subject_a_text_and_a_way_out(occasion):
    letter = LETTERS[occasion](FACTS)
    assert letter.subject
    assert letter.text.endswith(".")
    assert letter.not_you


def test_caught_mail_is_listed_and_shown_newest_first(db, settings, tmp_path):
    settings.CAUGHT_MAIL = tmp_path / "mail"
    backend = CaughtMailBackend()
    backend.send_messages(
        [EmailMessage(f"Mail {n}", "See <b>http://localhost/x</b>", to=["a@x.example"]) for n in (1, 2)]
    )
    page = Client().get("/dev/mail")
    assert [found.subject for found in page.context["mails"]] == ["Mail 2", "Mail 1"]
    text = Client().get(f"/dev/mail/{page.context['mails'][0].name}").content.decode()
    assert "&lt;b&gt;" in text
    assert 'href="http://localhost/x' in text


def test_nothing_but_caught_mail_is_shown(db, settings, tmp_path):
    settings.CAUGHT_MAIL = tmp_path / "mail"
    (tmp_path / "secret.eml").write_text("Subject: no")
    assert Client().get("/dev/mail/..%2Fsecret.eml").status_code == 404


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://me:p%40ss@mail.example", ("mail.example", 587, "me", "p@ss", True, False)),
        ("smtps://mail.example:4650", ("mail.example", 4650, "", "", False, True)),
        ("smtp+plain://localhost", ("localhost", 25, "", "", False, False)),
    ],
)
def test_a_mail_server_is_one_address(url, server):
    assert mail_server(url) == server


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example:25"])
def test_a_mail_server_that_is_none_is_a_fault(url):
    with pytest.raises(ValueError, match="must look like"):
        mail_server(url)
