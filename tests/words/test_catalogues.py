"""The German and the Chinese catalogue: complete, and nothing in them that the sources no longer say."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from tests.words.catalogues import LANGUAGES, Key, compiled, entries, marked, templates

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|<[^>]+>")
FORMS = {"de": 2, "zh-hant": 1}
# What templates say in every language: protocol words, and the documentation, which is English.
SAME = re.compile(r"UTC|CSV|JSON|GET|client_id|redirect_uri|/[\w/]+|[?&]\w+=(day)?|&\w+;")
ENGLISH_ALONE = "docs"

each_language = pytest.mark.parametrize("language", LANGUAGES)


def without_plural(keys: set[Key]) -> set[tuple[str, str]]:
    """gettext knows a text by context and singular: where it is said both ways, one entry serves both."""
    return {(context, text) for context, text, _plural in keys}


@each_language
def test_it_has_every_text_of_the_sources_and_no_other(language):
    assert without_plural({entry.key for entry in entries(language)}) == without_plural(marked())


@each_language
def test_every_text_is_translated_in_each_of_its_forms(language):
    lacking = [
        entry.text
        for entry in entries(language)
        if len(entry.said) != (FORMS[language] if entry.plural else 1) or not all(entry.said)
    ]
    assert lacking == []


@each_language
def test_nothing_is_fuzzy(language):
    assert [entry.text for entry in entries(language) if "fuzzy" in entry.flags] == []


@each_language
def test_placeholders_and_tags_are_those_of_the_text(language):
    wrong = [
        (entry.text, said)
        for entry in entries(language)
        for number, said in enumerate(entry.said)
        if placeholders(said) != placeholders(entry.plural if number or len(entry.said) == 1 else entry.text)
        and placeholders(said) != placeholders(entry.text)
    ]
    assert wrong == []


def placeholders(text: str) -> Counter[str]:
    return Counter(PLACEHOLDER.findall(text))


@each_language
def test_what_django_reads_is_made_of_it(language):
    wanted = {}
    for entry in entries(language):
        name = f"{entry.context}\x04{entry.text}" if entry.context else entry.text
        forms = {(name, number): said for number, said in enumerate(entry.said)}
        wanted.update(forms if entry.plural else {name: entry.said[0]})
    found = compiled(language)
    assert {name: said for name, said in found.items() if name} == wanted


class Words(HTMLParser):
    """The text of a template that stands outside its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        self.found += [value or "" for name, value in attrs if name in {"aria-label", "title", "alt", "placeholder"}]

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside not in {"script", "style"}:
            self.found.append(data)


def test_no_template_has_words_that_are_not_marked():
    found = {str(path): words for path in templates() if path.parent.name != ENGLISH_ALONE if (words := bare(path))}
    assert found == {}


def bare(path) -> list[str]:
    text = path.read_text()
    text = re.sub(r"\{%\s*blocktranslate.*?endblocktranslate\s*%\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{%\s*block layout.*?endblock\s*%\}", "", text)  # names of classes
    text = re.sub(r"(</?)\{\{.*?\}\}", r"\1div", text)  # an element that a page may choose
    reader = Words()
    reader.feed(re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", text, flags=re.DOTALL))
    return [word for text in reader.found if (word := SAME.sub("", text).strip()) and re.search(r"[A-Za-z]{2}", word)]
