"""Every call of partners, by the routes that are there, and a body that is good for each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.urls import get_resolver

from tests.contract.routes import walk
from tests.partnership.clients import PartnerClient, add_secret, partner

START = "partnership/v1/<str:partner_id>/"
NOBODYS = "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11"
PARAMETER = re.compile(r"<str:(\w+)>")
# Good for every call that takes a body.
BODY = {
    "project_name": "Taken",
    "url": "https://evil.example/hook",
    "is_enabled": False,
    "threshold": 1,
    "instance_type": "small",
    "start_date": "2026-01-01",
    "end_date": "2026-01-02",
    "from": "2026-01-01T00:00:00Z",
    "to": "2026-01-02T00:00:00Z",
}


def calls() -> Iterator[tuple[str, str]]:
    """(method, what follows the partner's id) of every call of partners."""
    for route, pattern in walk(get_resolver().url_patterns):
        if route.startswith(START):
            for method in pattern.callback.view_class.doors:
                yield method, route.removeprefix(START)


CALLS = sorted(set(calls()))
WITH_IDS = [call for call in CALLS if PARAMETER.search(call[1])]
OF_LISTS = [path for method, path in CALLS if method == "GET" and not PARAMETER.search(path)]


def both_modes(id_: str, name: str, secret: str) -> PartnerClient:
    owner = partner(id_, name, is_white_label=True, is_co_branded=True)
    add_secret(owner, secret)
    return PartnerClient(owner, secret)


def filled(path: str, ids: dict[str, Any]) -> str:
    return PARAMETER.sub(lambda found: str(ids[found[1]]), path)


def send(client: PartnerClient, method: str, path: str, body: Any = None) -> HttpResponse:
    headers = {"X-Partnership-Secret": client.secret}
    if path.endswith("/usage/events"):
        path += "?date=2026-01-01&metric=ai_tokens"
    data = "" if method == "GET" else json.dumps(BODY if body is None else body)
    return client.wire.generic(method, f"{client.base}/{path}", data, content_type="application/json", headers=headers)
