"""What the consent page says, line by line (pages.md, "Consent")."""

import re

import pytest

from oauth_provider.views.consent_page import destination, form_action_for
from tests.cast import native_application, signed_in, web_application
from tests.clients import OAuthClient

ALL = "user:read organizations:read projects:write"


def text_of(response) -> str:
    """The page as a person reads it."""
    html = response.content.decode()
    text = re.sub(r"<[^>]+>", " ", html[html.index("<main") : html.index("</main")])
    return re.sub(r"\s+([.)])", r"\1", re.sub(r"\s+", " ", text)).replace("( ", "(").replace("&#x27;", "'")


def page_for(alice, *, scope="user:read", application=None, redirect_uri="") -> str:
    client = OAuthClient(application or web_application(), redirect_uri=redirect_uri)
    return text_of(client.ask(signed_in(alice), scope=scope))


def test_it_asks_for_whom_and_by_whom(alice):
    text = page_for(alice)
    assert "Allow Acme to use your Gatehouse account?" in text
    assert "Signed in as alice@example.com Use another account" in text
    assert "Revoke any time under Connected apps." in text


def test_an_unverified_publisher_is_marked_and_a_verified_one_too(alice):
    application = web_application()
    assert "Not verified: nobody checked who runs it." in page_for(alice, application=application)
    application.is_verified = True
    application.save()
    text = page_for(alice, application=application)
    assert "Verified publisher" in text
    assert "Not verified" not in text


def test_scopes_stand_in_their_groups_with_their_notes(alice):
    text = page_for(alice, scope=ALL)
    lines = [
        "It will be able to: You See your name, e-mail address and picture",
        "Organizations See the organizations you belong to",
        "Projects See your projects and their settings Includes usage",
        "Create, change, pause and delete your projects Includes reading their API keys",
    ]
    assert [line in text for line in lines] == [True] * 4


def test_it_says_what_the_application_can_not_do(alice):
    application = web_application()
    reads, writes = (page_for(alice, application=application, scope=scope) for scope in ("user:read", ALL))
    assert "see your password, change your sign-in settings" in reads
    assert "see your password, change your sign-in settings" in writes
    assert "change or delete your projects" in reads
    assert "change or delete your projects" not in writes


def test_new_scopes_come_first_and_what_was_allowed_is_folded(alice, acme_app):
    acme_app.tokens_for(alice, scope="user:read")
    response = acme_app.ask(signed_in(alice), scope="user:read projects:read")
    text = text_of(response)
    assert text.index("New It will now also be able to: Projects") < text.index("Already allowed You See your name")
    assert "<details>" in response.content.decode()


@pytest.mark.parametrize(
    ("redirect_uri", "sentence"),
    [
        ("https://acme.example/callback", "You will be sent to https://acme.example."),
        ("https://bücher.example:8443/cb", "You will be sent to https://xn--bcher-kva.example:8443."),
        ("https://xn--bcher-kva.example/cb", "You will be sent to https://xn--bcher-kva.example."),
    ],
)
def test_it_names_the_place_it_sends_to(redirect_uri, sentence):
    assert f"You will be sent to {destination(redirect_uri).text}." == sentence


def test_a_program_on_this_computer_is_called_so(alice):
    application = native_application("Acme CLI")
    text = page_for(alice, application=application, redirect_uri="http://127.0.0.1:53123/callback")
    assert (
        "You will be sent to a program on this computer (127.0.0.1). "
        "Continue only if you just started Acme CLI." in text
    )


def test_a_private_scheme_is_called_by_its_name(alice):
    application = native_application("Acme Code", redirect_uris="vscode://acme.code/callback")
    assert "You will be sent to the app that opens vscode:// links." in page_for(alice, application=application)


def test_links_of_the_application_are_shown(alice):
    links = {"homepage_url": "https://acme.example/", "privacy_url": "https://acme.example/p"}
    text = page_for(alice, application=web_application(**links))
    assert "Homepage Privacy policy" in text
    assert "Terms of service" not in text


def test_cancel_comes_before_allow_and_nothing_is_focused(alice, acme_app):
    html = acme_app.ask(signed_in(alice)).content.decode()
    buttons = re.findall(r'<button[^>]* name="answer" value="(\w+)"', html)
    assert buttons == ["cancel", "allow"]
    assert "autofocus" not in html


@pytest.mark.parametrize(
    ("redirect_uri", "source"),
    [
        ("https://acme.example:8443/cb?x=1", "https://acme.example:8443"),
        ("http://127.0.0.1:53123/callback", "http://127.0.0.1:53123"),
        ("vscode://acme.code/callback", "vscode:"),
    ],
)
def test_the_form_may_lead_there_and_nowhere_else(redirect_uri, source):
    assert form_action_for(redirect_uri) == source


def test_a_name_that_looks_like_markup_is_text(alice):
    application = web_application("<b>Acme</b>")
    html = OAuthClient(application).ask(signed_in(alice)).content.decode()
    assert "<b>Acme" not in html
