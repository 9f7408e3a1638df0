"""The API reference as the tests' clients hold it against every answer they get."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from django.http import HttpResponse
from jsonschema_rs import Draft202012Validator

from config.api_reference import document
from config.call_schema import Schema


def check_answer(method: str, path: str, response: HttpResponse) -> None:
    """Fails unless the reference has this answer of `method` `path`: its status, and its body's shape."""
    operation = find_operation(method, path.partition("?")[0])
    if operation is None or response.status_code in (405, 500):
        return  # neither belongs to a call
    said = operation["responses"].get(str(response.status_code))
    assert said, f"{method} {path} answers {response.status_code}, of which the API reference does not know"
    if content := said.get("content"):
        schema = json.dumps(content["application/json"]["schema"])
        faults = [fault.message for fault in validator(schema).iter_errors(response.json())]
        assert faults == [], f"{method} {path}: not what the API reference says"


def find_operation(method: str, path: str) -> dict[str, Any] | None:
    found = [methods for pattern, methods in patterns() if pattern.fullmatch(path)]
    return found[0].get(method.lower()) if found else None


@cache
def patterns() -> list[tuple[re.Pattern[str], Schema]]:
    """The paths, those without placeholders before the ones that would match them too, as in urls.py."""
    paths = sorted(document()["paths"].items(), key=lambda item: item[0].count("{"))
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), methods) for path, methods in paths]


@cache
def validator(schema: str) -> Draft202012Validator:
    """Of a schema as text, as what is kept has to be hashable."""
    whole = {**json.loads(schema), "components": document()["components"]}
    return Draft202012Validator(whole, validate_formats=True)
