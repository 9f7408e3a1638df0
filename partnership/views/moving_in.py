"""The door of `manage.py import_partners`: its request is a file.

`{"partners": [{"id", "name", "contact_email", "is_co_branded", "is_white_label",
"secrets": [{"sha256", "last_four", "name?", "environment?", "scopes?", "expires_at?"}],
"people": [{"id", "email", "name"}], "projects": [{"id", "name", "user_id?", "external_id?",
"appkey", "region?", "instance_type?", "volume_size_gib?", "status?", "api_key", "created_at?"}]}]}`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from accounts.json_places import Lines, children
from partnership.models import Environment
from partnership.models.partner import SCOPES, check_scopes
from partnership.moving_in import Clash, Step, clashes
from partnership.views.door import faults
from partnership.views.fields import Flag, Text, Whole, name_field


class SecretRow(serializers.Serializer[Any]):
    sha256 = serializers.RegexField(r"\A[0-9a-f]{64}\Z")
    last_four = Text(max_length=4)
    name = name_field(default="moved in")
    environment = serializers.ChoiceField(Environment.choices, default=Environment.LIVE)
    scopes = Text(default=" ".join(SCOPES), validators=[check_scopes])
    expires_at = serializers.DateTimeField(default=None, allow_null=True)


class PersonRow(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.EmailField(max_length=254)
    name = name_field()


class ProjectRow(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = name_field()
    user_id = serializers.UUIDField(default=None, allow_null=True)
    external_id = Text(default=None, allow_null=True, max_length=255)
    appkey = serializers.RegexField(r"\A[a-z0-9][a-z0-9-]{1,31}\Z")
    region = Text(default=None, allow_null=True, max_length=32)
    instance_type = Text(default=None, allow_null=True, max_length=16)
    volume_size_gib = Whole(default=8, min_value=1, max_value=65_536)
    status = serializers.ChoiceField(["active", "paused"], default="active")
    api_key = serializers.RegexField(r"\Aik_[A-Za-z0-9_-]{8,200}\Z")
    created_at = serializers.DateTimeField(default=None, allow_null=True)


class PartnerRow(serializers.Serializer[Any]):
    id = serializers.RegexField(r"\Aps_[A-Za-z0-9_-]{12,61}\Z")
    name = name_field()
    contact_email = serializers.EmailField(max_length=254)
    is_co_branded = Flag(default=False)
    is_white_label = Flag(default=False)


PARTS: dict[str, type[serializers.Serializer[Any]]] = {
    "secrets": SecretRow,
    "people": PersonRow,
    "projects": ProjectRow,
}


class Unreadable(Exception):
    """The file is no JSON object with a list `partners`; nothing in it was judged."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Where in the file, as `partners[0].projects[3]`, the line on which that begins, and why."""

    where: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Document:
    partners: list[Any]
    lines: dict[str, int]  # where -> line

    @property
    def projects(self) -> int:
        return sum(".projects[" in where for where in self.lines)


def parse(text: str) -> Document:
    """Raises Unreadable."""
    decoder = json.JSONDecoder(object_pairs_hook=once)
    try:
        whole = decoder.decode(text)
        if not isinstance(whole, dict) or list(whole) != ["partners"] or not isinstance(whole["partners"], list):
            raise Unreadable('The file is a JSON object with one key, "partners", which is a list.')
        return Document(whole["partners"], dict(located(text, decoder)))
    except json.JSONDecodeError as fault:
        raise Unreadable(f"Line {fault.lineno}: not JSON ({fault.msg}).") from None
    except RecursionError:
        raise Unreadable("The file is nested too deeply.") from None


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _value in pairs]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise Unreadable(f"The key {repeated!a} stands twice in one object.")
    return dict(pairs)


def located(text: str, decoder: json.JSONDecoder) -> Iterator[tuple[str, int]]:
    """Each place that a refusal can name, and its line."""
    lines = Lines(text)
    ((_key, start, _list),) = children(text, text.index("{"), decoder)
    for number, at, raw in children(text, start, decoder):
        yield f"partners[{number}]", lines.at(at)
        for noun, begin, rows in children(text, at, decoder) if isinstance(raw, dict) else ():
            for place, row_at, _row in children(text, begin, decoder) if isinstance(rows, list) else ():
                yield f"partners[{number}].{noun}[{place}]", lines.at(row_at)


def judge(document: Document, step: Step) -> tuple[list[dict[str, Any]], list[Refusal]]:
    """The partners of a file, checked, and every refusal in the order of its lines."""
    found, wrong = [], []
    for number, raw in enumerate(document.partners):
        row, faults_here = read_partner(raw, f"partners[{number}]")
        found.append(row)
        wrong += faults_here
    wrong = wrong or [*clashes(found, step)]
    refusals = [Refusal(where, document.lines[where], why) for where, why in wrong]
    return found, sorted(refusals, key=lambda refusal: refusal.line)


def read_partner(raw: Any, where: str) -> tuple[dict[str, Any], list[Clash]]:
    row, wrong = check(PartnerRow, raw, where, besides=set(PARTS))
    for noun, shape in PARTS.items():
        rows = raw.get(noun, []) if isinstance(raw, dict) else []
        if not isinstance(rows, list):
            wrong.append((where, f"{noun}: must be a list"))
            continue
        checked = [check(shape, each, f"{where}.{noun}[{place}]") for place, each in enumerate(rows)]
        row[noun] = [part for part, _wrong in checked]
        wrong += [clash for _part, clashes_here in checked for clash in clashes_here]
    return row, wrong


def check(
    shape: type[serializers.Serializer[Any]], raw: Any, where: str, *, besides: Collection[str] = ()
) -> tuple[dict[str, Any], list[Clash]]:
    """An unknown key is refused: a misspelt `user_id` would make another kind of project."""
    if not isinstance(raw, dict):
        return {}, [(where, "must be an object")]
    serializer = shape(data=raw)
    wrong = [(where, f"{name!a}: unknown key") for name in raw if name not in {*serializer.fields, *besides}]
    if not serializer.is_valid():
        wrong += [(where, fault.message) for fault in faults(serializer.errors)]
    return ({} if wrong else dict(serializer.validated_data)), wrong
