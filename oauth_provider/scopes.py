"""The table of scopes (oauth.md, "Scopes"). Consent page, discovery, admin and reference read it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Scope:
    name: str
    text: str | Promise  # what the person reads
    group: str | Promise = ""
    note: str | Promise = ""
    note_if_trusted: str | Promise = ""  # in its place, for clients trusted with keys
    includes: tuple[str, ...] = ()
    machine_only: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What a person reads about one scope of one client."""

    text: str | Promise
    note: str | Promise


SCOPES = {
    scope.name: scope
    for scope in (
        Scope("user:read", _("See your name, e-mail address and picture"), _("You")),
        Scope("openid", _("Know that it is you"), _("You")),
        Scope("profile", _("See your name and picture"), _("You")),
        Scope("email", _("See your e-mail address"), _("You")),
        Scope("organizations:read", _("See the organizations you belong to"), _("Organizations")),
        Scope(
            "projects:read",
            _("See your projects and their settings"),
            _("Projects"),
            _("Includes usage"),
            _("Includes usage and API keys"),
        ),
        Scope(
            "projects:write",
            _("Create, change, pause and delete your projects"),
            _("Projects"),
            _("Includes reading their API keys"),
            includes=("projects:read",),
        ),
        Scope("usage:write", _("Send usage events"), machine_only=True),
    )
}


def named(text: str) -> set[str]:
    """The scopes of a list that is parted by spaces alone (RFC 6749 section 3.3)."""
    return set(text.split(" ")) - {""}


def parse(text: str) -> list[str]:
    """The scopes of a space-separated list, each once, in the table's order, unknown ones last."""
    return sorted(named(text), key=lambda name: (order(name), name))


def line(scope: Scope, *, is_trusted: bool) -> Line:
    """`is_trusted`: the client reads API keys by `projects:read` (platform.md, "One deviation")."""
    return Line(scope.text, scope.note_if_trusted if is_trusted and scope.note_if_trusted else scope.note)


def order(name: str) -> int:
    return list(SCOPES).index(name) if name in SCOPES else len(SCOPES)


def join(names: Iterable[str]) -> str:
    return " ".join(parse(" ".join(names)))


def expand(text: str) -> frozenset[str]:
    """The scopes of `text` and those that they include."""
    names = named(text)
    for name in tuple(names & SCOPES.keys()):
        names.update(SCOPES[name].includes)
    return frozenset(names)


def includes(granted: str, wanted: str) -> bool:
    """Whether every scope of `wanted` is among `granted` or included by one of them."""
    return named(wanted) <= expand(granted)


def granted_by_people(asked: str, allowed: str, grantable: Collection[str]) -> str:
    """`asked` in the table's order, for a client with the scopes `allowed`; "" if nothing is asked
    for, or something that is not `grantable` by a person or not allowed.
    """
    names = parse(asked)
    return join(names) if set(names) <= set(grantable) & expand(allowed) else ""


def for_people() -> list[str]:
    """What a person can grant for our own API."""
    return [name for name, scope in SCOPES.items() if not scope.machine_only]


def for_machines() -> list[str]:
    return [name for name, scope in SCOPES.items() if scope.machine_only]
