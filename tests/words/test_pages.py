"""No text of a page is left in English where the person reads another language."""

import pytest
from django.utils import timezone

from accounts.views import account
from tests import cast
from tests.words import people, staff
from tests.words.catalogues import LANGUAGES
from tests.words.reading import left_over, texts_of

WAYS = [people.coming_in, people.account, people.consent, people.device, people.errors, people.partners, people.console]


def compare(english, translated, language):
    """Each text that was left, and the pages that have it."""
    assert english.keys() == translated.keys()
    found: dict[str, list[str]] = {}
    for label, texts in english.items():
        for text in left_over(texts, translated[label], language):
            found.setdefault(text, []).append(label)
    return found


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_pages_of_people(way, in_each, alice, language):
    english, translated = in_each(lambda speaks: people.read(way(alice, speaks)))
    assert compare(english, translated, language) == {}


def test_an_invitation(in_each, alice, bob, language):
    english, translated = in_each(lambda speaks: people.read(people.invited(alice, bob, speaks)))
    assert compare(english, translated, language) == {}


def test_the_page_of_our_own_failure(in_each, alice, language, monkeypatch):
    monkeypatch.setattr(account, "NameForm", None)
    english, translated = in_each(
        lambda speaks: {"500": texts_of(people.browser_of(alice, speaks).get("/account"))},
    )
    assert any("Error" in text for text in english["500"])
    assert compare(english, translated, language) == {}


def test_pages_of_staff(db, settings, tmp_path):
    """All languages in one test: a walk through the admin takes seconds."""
    settings.VAR, settings.REGISTRATION = tmp_path, "staff"
    staff.fill(timezone.now())
    sam = cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True)
    seen = {speaks: people.read(staff.crawl(people.browser_of(sam, speaks))) for speaks in ("en", *LANGUAGES)}
    assert len(seen["en"]) > 60
    for language in LANGUAGES:
        assert compare(seen["en"], seen[language], language) == {}
