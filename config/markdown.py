"""Markdown as the pages of /docs show it, and as search reads it: HTML, and its sections as plain text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it, up to the next one. `anchor` is empty above the first h2."""

    anchor: str
    level: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    title: str
    html: SafeString
    sections: tuple[Section, ...]


def render(text: str, link: Callable[[str], str | None]) -> Rendered:
    """`text` as a page. `link` says where a link leads from there; None: nowhere, so that its words stay alone."""
    tokens = PARSER.parse(text)
    for token in tokens:
        if token.type == "inline":
            token.children = list(relinked(token.children or [], link))
    anchors = name_headings(tokens)
    sections = tuple(read_sections(tokens, anchors))
    # Made of the repository's own documents by a parser that lets no HTML through.
    html = mark_safe(PARSER.renderer.render(tokens, PARSER.options, {}))  # noqa: S308
    return Rendered(sections[0].heading, html, sections)


def phrase(text: str) -> SafeString:
    """Marks within a line: no headings, no lists."""
    html: str = PARSER.renderInline(text)
    return mark_safe(html)  # noqa: S308  as above


def relinked(children: Sequence[Token], link: Callable[[str], str | None]) -> Iterator[Token]:
    dropped = False
    for child in children:
        if child.type == "link_open":
            target = link(str(child.attrs["href"]))
            dropped = target is None
            child.attrs["href"] = target or ""
        if child.type in {"link_open", "link_close"} and dropped:
            continue
        yield child


def name_headings(tokens: Sequence[Token]) -> dict[int, str]:
    """Gives each heading an `id`, as code hosts make them of its words; by its index."""
    anchors: dict[int, str] = {}
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            name, taken, number = slug(plain(tokens[index + 1])), set(anchors.values()), 1
            while (anchor := f"{name}-{number}" if number > 1 else name) in taken:
                number += 1
            anchors[index] = anchor
            token.attrs["id"] = anchor
    return anchors


def slug(heading: str) -> str:
    """The words with hyphens between; one that is a code keeps its dots and underscores."""
    return "-".join(re.findall(r"\w+(?:\.\w+)*", heading.lower().replace("'", "")))


def read_sections(tokens: Sequence[Token], anchors: dict[int, str]) -> Iterator[Section]:
    starts = sorted(anchors)
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        level = int(tokens[start].tag[1:])
        text = " ".join(filter(None, map(plain, tokens[start + 3 : end])))
        yield Section("" if level == 1 else anchors[start], level, plain(tokens[start + 1]), text)


def plain(token: Token) -> str:
    """The words of a token, without its marks."""
    if token.type == "fence":
        return " ".join(token.content.split())
    breaks = {"softbreak", "hardbreak"}
    return "".join(" " if child.type in breaks else child.content for child in token.children or [])


def program(renderer: object, tokens: Sequence[Token], index: int, options: object, env: object) -> str:
    """A program with its file's name above it, if it has one."""
    token = tokens[index]
    name = token.info.partition(" ")[2]
    caption = f"<figcaption>{escape(name)}</figcaption>" if name else ""
    return f'<figure>{caption}<pre tabindex="0"><code>{escape(token.content)}</code></pre></figure>\n'


# Programs and tables scroll by themselves, and what scrolls has to be reached by the keyboard.
PARSER.add_render_rule("fence", program)
PARSER.add_render_rule("table_open", lambda *_: '<div class="table" tabindex="0"><table>')
PARSER.add_render_rule("table_close", lambda *_: "</table></div>\n")
