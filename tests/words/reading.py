"""A page as a person reads it, text by text, and which of its texts were left in English."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html.parser import HTMLParser

from django.http import HttpResponse

from tests.words.catalogues import latin, latin_words, unchanged

READ_ALOUD = {"aria-label", "title", "alt", "placeholder"}
NO_PROSE = {"script", "style", "code", "pre"}
VOID = {"meta", "link", "input", "br", "hr", "img", "rect", "line", "circle", "path", "col", "wbr"}
# What nobody translates: names of people and things (and their initials), words of the protocols,
# and what Django's own pictures are called ("True", "False", "Search") or its German has from English.
NAMES = {
    "gatehouse", "english", "deutsch", "繁體中文", "acme", "acme cli", "acme tv", "portal", "globex", "shop", "ac",
    "alice example", "bob example", "carol", "sam staff", "ada admin", "mallory example", "example team", "blue key",
    "free", "pro", "json", "csv", "orders", "read orders", "bookshelf", "bookshop", "newsletter", "trial", "meter",
    "demo", "demo notes", "demo cli", "demo device", "demo meter", "demo cloud", "demo studio", "test", "abcd", "at",
    "embedded", "simulated", "openid", "profile", "email",
    "us east", "us west", "europe", "central", "asia pacific", "southeast",
    "nano", "micro", "small", "medium", "large", "xl", "true", "false", "search", "filter",
    "support", "operators", "owners",
    "partner", "user", "staff", "system", "creating",  # codes of the audit log, as the API has them
}  # fmt: skip
DATA = re.compile(
    r"""
    (https?|vscode):\S*                        # addresses
    | \S+@\S+                                  # and those of mail
    | (www\.)?[\w-]+(\.[\w-]+)+(:\d+)?(/\S*)?  # hosts, versions, types of events
    | localhost(:\d+)? | [a-z]{2}-[a-z]+\b
    | /[\w/.<>{}:-]*                           # paths
    | \b(clf|ps|gcs|gps)_[\w-]+ | …[\w-]{4}(?!\w)
    | \b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b | \b[0-9a-f]{8,}\b
    | \b\d[\d.,:-]*\w{0,2}\b                   # numbers, times, 20k
    | \b[a-z]+_[a-z_]+\b | \b[a-z]+:[a-z]+\b  # scopes, columns of a protocol
    | \b[A-Z2-9]{4}-[A-Z2-9]{4}\b              # a code
    | \b(Gatehouse|UTC|PNG|HTTP|GET|POST|SHA|URI|URL|ID)\b
    """,
    re.VERBOSE,
)
# Words that hardly an English sentence does without, and no German one has.
ENGLISH = {
    "the", "and", "of", "to", "is", "are", "not", "be", "can", "by", "with", "this", "that", "it", "you", "your",
    "from", "for", "add", "change", "view",
}  # fmt: skip
PARTS = re.compile(r"[·|,:()“”+›→]|\.\s|…")


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        self.texts += [value or "" for name, value in attrs if name in READ_ALOUD]
        if given.get("type") == "submit":
            self.texts.append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not NO_PROSE & set(self.open):
            self.texts.append(data)


def texts(html: str) -> set[str]:
    reader = Reader()
    reader.feed(html)
    return {" ".join(text.split()) for text in reader.texts} - {""}


def texts_of(response: HttpResponse) -> set[str]:
    return texts(response.content.decode())


def left_over(english: Iterable[str], translated: Iterable[str], language: str) -> set[str]:
    """Texts that are the same in both and should not be, and those with an English word among others."""
    same = unchanged(language) | NAMES
    found = {text for text in set(english) & set(translated) if not words_of(text) <= same}
    return found | {text for text in translated if has_english(text, language)}


@cache  # the pages of a site share most of their texts
def has_english(text: str, language: str) -> bool:
    said = DATA.sub(" ", text)
    if language == "zh-hant":
        return not set(latin_words(said)) <= known_latin(language)
    return language == "de" and bool(ENGLISH & set(said.lower().split()))


@cache
def known_latin(language: str) -> frozenset[str]:
    return frozenset(latin(language) | {word for name in NAMES for word in latin_words(name)})


@cache
def words_of(text: str) -> set[str]:
    """The names and sentences of a text, in lower case, without what is data."""
    parts = {part.strip(" .…–-").lower() for part in PARTS.split(DATA.sub(" ", text))}
    return {part for part in parts if re.search(r"[^\W\d_]{2}", part)}
