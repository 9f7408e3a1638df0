"""Search in the pages of /docs: on this server, over their sections, with neither network nor script.

Case, accents and the width of letters don't count. Every word of the question has to be there, at the
beginning of a word; where it stands in the heading counts most.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from html import unescape

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from config import call_pages, guides

MAX_FOUND = 30
MAX_WORDS = 8
MAX_LETTERS = 100
AROUND = 90  # letters of an excerpt on each side of the first word that was found
IN_HEADING, IN_TITLE, IN_TEXT = 10, 4, 1
MAX_IN_TEXT = 5  # a long page is not better for saying a word often


@dataclass(frozen=True, slots=True)
class Place:
    """What can be found: a section of a page. `folded` are its title, heading and text as they are compared."""

    address: str
    title: str
    heading: str
    text: str
    folded: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Found:
    address: str
    title: str
    heading: SafeString
    excerpt: SafeString


@require_safe
def found(request: HttpRequest) -> HttpResponse:
    """GET /docs/search?q="""
    guides.speak_english()
    question = request.GET.get("q", "")[:MAX_LETTERS]
    context = {"question": question, "found": search(question), "guides": guides.listed(), "here": "search"}
    return render(request, "docs/search.html", context)


def search(question: str) -> list[Found]:
    """The sections that have all words of `question`, the best first, at most MAX_FOUND."""
    words = re.findall(r"[\w.]*\w", fold(question))[:MAX_WORDS]
    if not words:
        return []
    rated = [(rating, number) for number, place in enumerate(places()) if (rating := rate(place, words))]
    rated.sort(key=lambda each: (-each[0], each[1]))
    return [shown(places()[number], words) for _rating, number in rated[:MAX_FOUND]]


def rate(place: Place, words: list[str]) -> int:
    """0 where a word is missing."""
    title, heading, text = place.folded
    total = 0
    for word in words:
        begins = re.compile(rf"(?<![^\W_]){re.escape(word)}")
        found = IN_HEADING * bool(begins.search(heading)) + IN_TITLE * bool(begins.search(title))
        found += IN_TEXT * min(len(begins.findall(text)), MAX_IN_TEXT)
        if not found:
            return 0
        whole = re.compile(rf"(?<![^\W_]){re.escape(word)}(?!\w)")
        total += found + IN_HEADING * bool(whole.search(heading))
    return total


@cache
def places() -> tuple[Place, ...]:
    return tuple(all_places())


def all_places() -> Iterator[Place]:
    for guide in guides.documents():
        page = guides.read(guide.name)
        for section in page.sections:
            address = guide.address + (f"#{section.anchor}" if section.anchor else "")
            yield place(address, page.title, section.heading, section.text)
    for area in call_pages.areas():
        for call in area.calls:
            said = unescape(strip_tags(call.description))
            text = f"{call.summary}. {said} {' '.join(call.codes())}"
            yield place(f"/docs/calls/{area.name}#{call.name}", area.title, f"{call.method} {call.path}", text)


def place(address: str, title: str, heading: str, text: str) -> Place:
    return Place(address, title, heading, text, (fold(title), fold(heading), fold(text)))


def fold(text: str) -> str:
    return "".join(fold_letter(letter) for letter in text)


@lru_cache(maxsize=4096)  # a question may have any letter
def fold_letter(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter.casefold())
    return "".join(each for each in plain if not unicodedata.combining(each))


def shown(place: Place, words: list[str]) -> Found:
    return Found(place.address, place.title, marked(place.heading, words), marked(excerpt(place.text, words), words))


def excerpt(text: str, words: list[str]) -> str:
    """What stands around the first word of `words` in `text`, cut between words."""
    spans = spans_of(text, words)
    middle = spans[0][0] if spans else 0
    start, end = max(0, middle - AROUND), min(len(text), middle + 2 * AROUND)
    start = text.find(" ", start, middle) + 1 if start else 0
    end = max(text.rfind(" ", middle, end), middle) if end < len(text) else end
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}"


def marked(text: str, words: list[str]) -> SafeString:
    """`text` with what was asked for in `<mark>`."""
    parts, done = [], 0
    for start, end in spans_of(text, words):
        parts.append((text[done:start], text[start:end]))
        done = end
    return format_html("{}{}", format_html_join("", "{}<mark>{}</mark>", parts), text[done:])


def spans_of(text: str, words: list[str]) -> list[tuple[int, int]]:
    """Where `words` begin a word of `text`, by its own letters: a folded one may be longer or shorter."""
    origins = [index for index, letter in enumerate(text) for _ in fold_letter(letter)] + [len(text)]
    begins = re.compile(r"(?<![^\W_])(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")")
    found = [(origins[match.start()], origins[match.end()]) for match in begins.finditer(fold(text))]
    return [(start, max(end, start + 1)) for start, end in found]
