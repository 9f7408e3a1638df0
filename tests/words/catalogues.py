"""The catalogues under `locale/`, and the words of the sources, both read without GNU gettext."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounts", "config", "oauth_provider", "partnership", "usage")
LANGUAGES = {"de": "de", "zh-hant": "zh_Hant"}  # Django's code: the folder
Key = tuple[str, str, str]  # context, text, plural; "" for none

# Function: which of its arguments are context, text and plural.
MARKS = {
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
STRING = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\")"""
CALL = re.compile(rf"\b(_|n?p?gettext)\(\s*((?:(?:{STRING})\s*,?\s*)+)")


@dataclass
class Entry:
    """A text and its translations, one for each plural form of the language."""

    context: str = ""
    text: str = ""
    plural: str = ""
    flags: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return self.context, self.text, self.plural


def path_of(language: str, suffix: str) -> Path:
    return ROOT / "locale" / LANGUAGES[language] / "LC_MESSAGES" / f"django.{suffix}"


@cache
def entries(language: str) -> list[Entry]:
    """What the .po says, without its head."""
    blocks = path_of(language, "po").read_text(encoding="utf-8").split("\n\n")
    return [read(block) for block in blocks][1:]


def read(block: str) -> Entry:
    entry, word = Entry(), ""
    for line in block.strip().splitlines():
        if line.startswith("#"):
            entry.flags += line if line.startswith("#,") else ""
            continue
        begins, quote, rest = line.partition('"')
        word = begins.strip() or word
        if begins.startswith("msgstr"):
            entry.said.append("")
        text = ast.literal_eval(quote + rest)
        match word:
            case "msgctxt":
                entry.context += text
            case "msgid":
                entry.text += text
            case "msgid_plural":
                entry.plural += text
            case _:
                entry.said[-1] += text
    return entry


def compiled(language: str) -> dict[object, str]:
    """What Django reads, by gettext's own keys."""
    with path_of(language, "mo").open("rb") as file:
        return gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]


@cache
def unchanged(language: str) -> frozenset[str]:
    """Texts that are the same in `language`, in lower case: pages capitalize some."""
    return frozenset(entry.text.lower() for entry in entries(language) if is_unchanged(entry))


def is_unchanged(entry: Entry) -> bool:
    return entry.text.lower() in {said.lower() for said in entry.said}


@cache
def latin(language: str) -> frozenset[str]:
    """Words in Latin letters that the catalogue itself uses, in lower case."""
    return frozenset(word for entry in entries(language) for said in entry.said for word in latin_words(said))


def latin_words(text: str) -> list[str]:
    return re.findall(r"[a-z]{3,}", text.lower())


def marked() -> set[Key]:
    """Every text that the sources mark for translation."""
    found: set[Key] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            found.update(in_python(path.read_text(encoding="utf-8")))
    for path in templates():
        found.update(in_template(path))
    return found


def templates() -> list[Path]:
    return [path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"}]


def in_python(source: str) -> Iterator[Key]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        name = node.func.id.removesuffix("_lazy").removesuffix("_noop")
        if name in MARKS or name == "_":
            yield from key(name, [each.value if isinstance(each, ast.Constant) else None for each in node.args])


def in_template(path: Path) -> Iterator[Key]:
    source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for call in CALL.finditer(source):
        yield from key(call[1], [ast.literal_eval(text) for text in re.findall(STRING, call[2])])


def key(name: str, arguments: list[object]) -> Iterator[Key]:
    """Nothing for a call whose text is a variable: it translates what is marked elsewhere."""
    places = MARKS["gettext" if name == "_" else name]
    parts = ["" if place is None else arguments[place] for place in places]
    if all(isinstance(part, str) for part in parts):
        yield parts[0], parts[1], parts[2]
