"""Pages whose texts are 40 % longer than the English ones, as some language's will be."""

import gettext
import re

import pytest
from django.utils.translation import trans_real

from accounts import organizations
from accounts.people import create_person
from tests.browser.conftest import faults, tab
from tests.browser.test_people import INSIDE, OUTSIDE
from tests.cast import PASSWORD, native_application
from tests.clients import AUTHORIZE, OAuthClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

FOUR = "user:read organizations:read projects:read projects:write"
LOOKED_THROUGH = ("/accounts/login/", "/account", "/account/security", "/account/apps")  # by axe, which is slow
KEPT = re.compile(r"(%\(\w+\)[sd]|%[sd]|<[^>]+>|&\w+;|\s)")  # what is no word of a text


def longer(text: str) -> str:
    """`text` with each word 40 % longer (a letter or two at the least), its placeholders as they are."""
    return "".join(part if KEPT.fullmatch(part) else stretched(part) for part in KEPT.split(text))


def stretched(word: str) -> str:
    return word + "o" * round(len(word) * 0.4 + 0.5) if word.isalpha() else word


class LongWords(gettext.NullTranslations):
    """In the place of the German catalogue: every text that is marked, long, and formats of dates as they are."""

    def gettext(self, message: str) -> str:
        context, _separator, text = message.rpartition(trans_real.CONTEXT_SEPARATOR)
        return text if context == "date format" else longer(text)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return longer(msgid1 if n == 1 else msgid2)

    def to_language(self) -> str:
        return "de"


@pytest.fixture
def long_words(monkeypatch):
    """German pages say everything in English of greater length."""
    known = trans_real.translation

    def translation(language: str) -> gettext.NullTranslations:
        return LongWords() if language == "de" else known(language)

    monkeypatch.setattr(trans_real, "translation", translation)


@pytest.fixture
def alice(transactional_db):
    return create_person("alice@example.com", "Alice Example", PASSWORD, is_email_verified=True)


def test_the_words_are_longer():
    assert longer("Sign in to %(app)s, <b>now</b>") == "Signoo ino too %(app)s, <b>nowoo</b>"


@pytest.mark.parametrize("width", [360, 1280])
def test_pages_hold_longer_words(chromium, site, alice, long_words, width):
    team = organizations.create("Example Team", owner=alice)
    cli = OAuthClient(native_application("Acme CLI"), redirect_uri="http://127.0.0.1:5/callback")
    found = {}
    with tab(chromium, width=width, height=640, locale="de-DE") as page:
        look(page, site, OUTSIDE, found)
        page.goto(f"{site}/accounts/login/")
        assert "Passwordo" in page.locator("main").inner_text()
        page.locator("#id_login").fill("alice@example.com")
        page.locator("#id_password").fill(PASSWORD)
        page.locator("form button").first.click()
        page.wait_for_url("**/account")
        usage = f"/account/organizations/{team.pk}"
        consent = f"{AUTHORIZE}?{cli.authorize_query(scope=FOUR)}"
        look(page, site, [*INSIDE, usage, f"{usage}/usage", "/device", consent], found)
    assert found == {}


def look(page, site, paths, found) -> None:
    for path in paths:
        page.goto(site + path)
        seen = faults(page) if path in LOOKED_THROUGH or path.startswith(AUTHORIZE) else []
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            seen.append("scrolls sideways")
        if seen:
            found[path] = seen
