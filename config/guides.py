"""The pages of /docs: which document is which page. They are the repository's own, read once a process.

Source: pages.md, "API reference"; docs/decisions/0170.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from config import error_page, limits_page, markdown
from config.markdown import Rendered


@dataclass(frozen=True, slots=True)
class Guide:
    """A page at /docs/`name`. Its text is that of `document`, or what `made` makes of the code."""

    name: str
    label: str
    document: str
    made: Callable[[], str] | None = None
    is_listed: bool = True

    @property
    def address(self) -> str:
        """The quickstart stands on the first page, above what can be tried."""
        return "/docs" if self.name == "quickstart" else f"/docs/{self.name}"

    def text(self) -> str:
        return self.made() if self.made else (settings.ROOT / self.document).read_text()


def program(document: str, title: str) -> Callable[[], str]:
    """A page that is nothing but the program."""

    def text() -> str:
        return f"# {title}\n\n```python {Path(document).name}\n{(settings.ROOT / document).read_text()}```\n"

    return text


def example(name: str, document: str, title: str) -> Guide:
    return Guide(name, title, document, program(document, title), is_listed=False)


GUIDES = (
    Guide("quickstart", "Quickstart", "docs/quickstart.md", is_listed=False),
    Guide("recipes", "Recipes", "docs/recipes.md"),
    Guide("clients", "Ten clients", "docs/clients.md"),
    Guide("registration", "Registration", "docs/registration.md"),
    Guide("partners", "For partners", "docs/partners.md"),
    Guide("usage", "Usage", "docs/usage.md"),
    Guide("webhooks", "Webhooks", "docs/webhooks.md"),
    Guide("errors", "Errors", "docs/errors.md", error_page.by_code),
    Guide("limits", "Limits", "", limits_page.as_markdown),
    Guide("changelog", "Changelog", "CHANGELOG.md"),
    example("device-login", "examples/device_login.py", "A device signs a person in"),
    example("agent-login", "examples/agent_login.py", "An agent finds its way in"),
)
BY_NAME = {guide.name: guide for guide in GUIDES}
ADDRESSES = {guide.document: guide.address for guide in GUIDES if guide.document}


@cache
def read(name: str) -> Rendered:
    """The page of that name. Raises KeyError."""
    guide = BY_NAME[name]
    return markdown.render(guide.text(), lambda href: leads_to(guide, href))


def leads_to(guide: Guide, href: str) -> str | None:
    """Where a link of the document leads on the site: None to a document that is no page of it."""
    parts = urlsplit(href)
    if parts.scheme or href.startswith(("/", "#")):
        return href
    target = posixpath.normpath(posixpath.join(posixpath.dirname(guide.document), parts.path))
    address = ADDRESSES.get(target)
    return address and (f"{address}#{parts.fragment}" if parts.fragment else address)


def documents() -> list[Guide]:
    """All but the programs, which recipes lead to."""
    return [guide for guide in GUIDES if not guide.document.startswith("examples/")]


def listed() -> list[Guide]:
    return [guide for guide in GUIDES if guide.is_listed]


def speak_english() -> None:
    """The documentation has one language, and so has the frame around it (docs/decisions/0140)."""
    translation.activate(settings.LANGUAGE_CODE)


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """GET /docs/:name"""
    if name not in BY_NAME:
        raise Http404
    speak_english()
    return render(request, "docs/page.html", {"page": read(name), "guides": listed(), "here": name})
