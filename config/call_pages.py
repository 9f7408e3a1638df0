"""/docs/calls: the API reference without a script, a page for each area, made of the same document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from config import guides, markdown
from config.api_reference import document
from config.call_samples import operations
from config.call_schema import Schema

CODE_LINE = re.compile(r"^- `([\w.]+)`: ?(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    place: str  # path, query, header, body
    kind: str
    is_needed: bool
    description: SafeString


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    description: SafeString
    fields: list[Field]
    refusals: list[tuple[str, str]]  # code, sentence


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    method: str
    path: str
    summary: str
    description: SafeString
    needs: str
    fields: list[Field]
    answers: list[Answer]
    samples: list[dict[str, str]]

    def codes(self) -> list[str]:
        return [code for answer in self.answers for code, _ in answer.refusals]


@dataclass(frozen=True, slots=True)
class Area:
    name: str
    title: str
    calls: list[Call]


@cache
def areas() -> tuple[Area, ...]:
    """In the order of the document; made once a process, as it is."""
    found: dict[str, list[Call]] = {}
    for path, method, operation in operations(document()):
        found.setdefault(operation["tags"][0], []).append(read_call(path, method, operation))
    return tuple(Area(markdown.slug(title), title, calls) for title, calls in found.items())


def read_call(path: str, method: str, operation: Schema) -> Call:
    return Call(
        operation["operationId"],
        method.upper(),
        path,
        operation["summary"],
        markdown.phrase(operation.get("description", "")),
        needs(operation),
        [*parameters(operation), *body_fields(operation.get("requestBody", {}))],
        [read_answer(status, answer) for status, answer in operation["responses"].items()],
        operation["x-codeSamples"],
    )


def needs(operation: Schema) -> str:
    """What opens the call, in words."""
    said = {
        "partner": "a partner's secret in X-Partnership-Secret",
        "client": "the client's id and secret (HTTP Basic, or in the body)",
        "registration": "the registration access token",
    }
    rows = operation.get("security", [])
    if not rows:
        return "nothing"
    (scheme, scopes), *_ = rows[0].items()
    if scheme in said:
        return said[scheme]
    whose = "a machine client's access token" if scheme == "machine" else "a person's access token"
    return f"{whose} with {' '.join(scopes)}" if scopes else whose


def parameters(operation: Schema) -> Iterator[Field]:
    for each in operation.get("parameters", []):
        is_needed = each.get("required", False)
        yield Field(each["name"], each["in"], kind(each["schema"]), is_needed, described(each, each["schema"]))


def body_fields(body: Schema) -> list[Field]:
    content = body.get("content", {})
    return fields(next(iter(content.values()))["schema"], "body") if content else []


def fields(schema: Schema, place: str) -> list[Field]:
    """The members of an object, one level deep."""
    held = resolved(schema)
    needed = held.get("required", [])
    return [
        Field(name, place, kind(each), name in needed, described(each))
        for name, each in held.get("properties", {}).items()
    ]


def read_answer(status: str, answer: Schema) -> Answer:
    said = answer.get("description", "")
    refusals = CODE_LINE.findall(said)
    content = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return Answer(
        status, markdown.phrase("" if refusals else said), [] if refusals else fields(content, "answer"), refusals
    )


def resolved(schema: Schema) -> Schema:
    if "$ref" in schema:
        found: Schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def kind(schema: Schema) -> str:
    """The type in a word or two."""
    if "$ref" in schema:
        return "object"
    if inner := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return " or ".join(dict.fromkeys(kind(each) for each in inner))
    named: Any = schema.get("type", "any")
    if isinstance(named, list):
        return " or ".join(named)
    if named == "array":
        return f"list of {kind(schema.get('items', {}))}"
    return f"{named} ({schema['format']})" if "format" in schema else str(named)


def described(*schemas: Schema) -> SafeString:
    said = [each["description"] for each in schemas if "description" in each]
    said += [", ".join(f"`{value}`" for value in each["enum"]) for each in schemas if "enum" in each]
    return markdown.phrase(" ".join(dict.fromkeys(said)))  # of the one value allowed, the description is the value


@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """GET /docs/calls"""
    guides.speak_english()
    return render(request, "docs/calls.html", {"areas": areas(), "guides": guides.listed(), "here": "calls"})


@require_safe
def area(request: HttpRequest, name: str) -> HttpResponse:
    """GET /docs/calls/:area"""
    found = next((each for each in areas() if each.name == name), None)
    if found is None:
        raise Http404
    guides.speak_english()
    return render(request, "docs/area.html", {"area": found, "guides": guides.listed(), "here": "calls"})
