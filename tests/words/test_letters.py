"""Mails speak the language of the person whose request brought them about."""

from functools import partial

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from accounts import mail
from accounts.letters import LETTERS
from accounts.models import OutgoingMail
from accounts.views.organizations import invitation_letter
from oauth_provider import letters as of_applications
from oauth_provider import registration_queue
from oauth_provider.models import Registration
from partnership import letters as of_partners
from partnership.models import Webhook
from tests import cast
from tests.accounts.steps import RESET
from tests.accounts.test_mail import FACTS
from tests.partnership.clients import partner
from tests.post import letters
from tests.usage.clients import white_label_project
from tests.words.people import FOUR, stranger
from tests.words.reading import left_over, texts
from usage.letters import threshold_reached
from usage.models import Alert, Firing


def occasions(alice):
    """Every letter that there is, under a name."""
    app, acme = cast.web_application(), partner("ps_acme00000001", "Acme", is_co_branded=True)
    globex = partner("ps_globex000001", "Globex", is_white_label=True)
    hook = Webhook(partner=acme, url="https://acme.example/hook")
    alert = Alert(partner=globex, project=white_label_project(globex), metric="ai_credits", threshold=500_000)
    firing = Firing(
        alert=alert, period_first=timezone.now().date(), source="/meter", event_id="e-1", amounts={"after": 750_000}
    )
    rows = [Registration(application=app)] * 22
    found = {name: partial(letter, FACTS) for name, letter in LETTERS.items()}
    found["invitation"] = partial(invitation_letter, alice.personal_organization, "Bob Example", "token")
    for first in (True, False):
        found[f"allowed, first: {first}"] = partial(of_applications.allowed, app, FOUR, is_first=first)
    for reason in ("gone", "failing"):
        found[f"webhook {reason}"] = partial(of_partners.webhook_disabled, hook, reason)
    return found | {
        "reused": partial(of_applications.reused, app),
        "registrations": partial(registration_queue.letter_about, rows),
        "linked": partial(of_partners.linked, acme),
        "console": partial(of_partners.invited, acme, "Bob Example", "token"),
        "link again": partial(of_partners.agree_again, acme, "token"),
        "threshold": partial(threshold_reached, firing),
    }


def read(letter) -> set[str]:
    """The letter as it arrives, line by line, and its HTML text by text."""
    mail.post("alice@example.com", letter, None, timezone.now())
    message = mail.written(OutgoingMail.objects.latest("pk"))
    lines = {line.strip() for line in message.body.splitlines()}
    return {message.subject, *lines, *texts(message.alternatives[0].content)} - {""}


def test_every_letter_is_translated(alice, language):
    left = {}
    for name, letter in occasions(alice).items():
        english = read(letter())
        with override(language):
            posted = letter()
            translated = read(posted)
        left[name] = left_over(english, translated, language)
    assert {name: found for name, found in left.items() if found} == {}


def test_what_a_german_browser_asks_for_is_sent_in_german_by_a_worker_that_speaks_english(alice):
    stranger("de").post(RESET, {"email": alice.email})
    with override("en"):
        (message,) = letters()
    assert message.subject == "Neues Passwort wählen · Gatehouse"
    assert "Von: 127.0.0.1 (Firefox auf Linux)" in message.body
    assert '<html lang="de">' in message.alternatives[0].content


def test_a_mail_from_before_there_were_languages_is_still_sent(alice, monkeypatch):
    monkeypatch.setattr(mail, "get_language", lambda: None)
    Client().post(RESET, {"email": alice.email})
    letters()
    assert outbox.outbox[0].subject == "Choose a new password · Gatehouse"


@pytest.mark.parametrize("path", ["/auth/v1/profile", "/partnership/v1/ps_x/catalog", "/api/oauth/v1/token"])
def test_programs_are_answered_in_english_whatever_they_accept_and_whoever_came_before(db, path):
    german = Client(headers={"accept-language": "de"})
    assert "Anmelden" in german.get("/accounts/login/").content.decode()
    answers = [browser.post(path).json() for browser in (german, Client())]
    assert answers[0] | {"requestId": ""} == answers[1] | {"requestId": ""}
