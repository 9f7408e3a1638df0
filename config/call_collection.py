"""/docs/postman.json: the calls as a collection that Postman, Bruno and Insomnia open (Collection Format 2.1)."""

from __future__ import annotations

import json
import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from config.api_reference import document
from config.call_samples import VARIABLE, Sample, operations, sample

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
NEEDED = re.compile(r"{{(\w+)}}")


@require_safe
def as_postman(request: HttpRequest) -> HttpResponse:
    """GET /docs/postman.json. It knows where this server is; the other variables are empty."""
    held = collection(settings.BASE_URL)
    return JsonResponse(held, headers={"Content-Disposition": 'attachment; filename="gatehouse.postman.json"'})


def collection(address: str) -> dict[str, Any]:
    folders: dict[str, list[dict[str, Any]]] = {}
    for path, method, operation in operations(document()):
        request = item(operation["summary"], sample(path, method, operation))
        folders.setdefault(operation["tags"][0], []).append(request)
    variables = {"GATEHOUSE": address}
    for name in NEEDED.findall(json.dumps(folders)):
        variables.setdefault(name, "")
    return {
        "info": {"name": "Gatehouse", "schema": FORMAT},
        "item": [{"name": name, "item": items} for name, items in folders.items()],
        "variable": [{"key": name, "value": value} for name, value in variables.items()],
    }


def item(name: str, request: Sample) -> dict[str, Any]:
    held: dict[str, Any] = {
        "method": request.method,
        "url": filled(f"$GATEHOUSE{request.path}"),
        "header": [{"key": key, "value": filled(value)} for key, value in request.headers.items()],
    }
    if request.by_basic:
        pair = {"username": "$CLIENT_ID", "password": "$CLIENT_SECRET"}
        held["auth"] = {"type": "basic", "basic": pairs(pair)}
    if request.form:
        held["body"] = {"mode": "urlencoded", "urlencoded": pairs(request.form)}
    if request.body is not None:
        held["body"] = {"mode": "raw", "raw": filled(json.dumps(request.body, indent=2))}
    return {"name": name, "request": held}


def pairs(named: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": filled(value), "type": "string"} for key, value in named.items()]


def filled(text: str) -> str:
    return VARIABLE.sub(r"{{\1}}", text)
