"""The works of the token path, each as the requests of one client one after the other.

A work is a generator: it yields a request's bytes and is sent the answer's body. `Share` is what one client
has for one measurement, so that no two clients spend the same code or refresh token.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
Requests = Generator[bytes, bytes, None]


@dataclass(frozen=True, slots=True)
class Site:
    """A server as its clients know it. `paths` by work's name or `token`; a path may hold a query."""

    host: str
    paths: Mapping[str, str]
    clients: Mapping[str, Mapping[str, str]]  # confidential, public, machine: their parameters
    headers: Mapping[str, str] = field(default_factory=dict)  # of the one work that needs more


@dataclass(frozen=True, slots=True)
class Share:
    codes: list[str] = field(default_factory=list)
    refresh_token: str = ""
    access_tokens: list[str] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Work:
    title: str
    requests: Callable[[Site, Share], Requests]
    expected: bytes  # stands in every answer
    path: str = "token"  # which of the site's paths it needs
    spends: str = ""  # the kind of client whose codes it uses up
    writes: bool = True


def confidential_codes(site: Site, share: Share) -> Requests:
    return redeem(site, site.clients["confidential"], share.codes)


def public_codes(site: Site, share: Share) -> Requests:
    return redeem(site, site.clients["public"], share.codes)


def redeem(site: Site, client: Mapping[str, str], codes: list[str]) -> Requests:
    for code in codes:
        yield token_request(site, client, grant_type="authorization_code", code=code, code_verifier=VERIFIER)


def refreshes(site: Site, share: Share) -> Requests:
    """A chain: each request carries the refresh token that the last one gave."""
    known = {"client_id": site.clients["public"]["client_id"]}
    token = share.refresh_token
    while True:
        answer = yield token_request(site, known, grant_type="refresh_token", refresh_token=token)
        token = json.loads(answer)["refresh_token"]


def machine_tokens(site: Site, share: Share) -> Requests:
    while True:
        yield token_request(site, site.clients["machine"], grant_type="client_credentials")


def profiles(site: Site, share: Share) -> Requests:
    for token in itertools.cycle(share.access_tokens):
        yield get(site, "profile", Authorization=f"Bearer {token}")


def consent_pages(site: Site, share: Share) -> Requests:
    for cookie in itertools.cycle(share.cookies):
        yield get(site, "authorize", Cookie=cookie)


def projects(site: Site, share: Share) -> Requests:
    while True:
        yield get(site, "metadata", **site.headers)


def empty(site: Site, share: Share) -> Requests:
    while True:
        yield get(site, "empty")


def counted(site: Site, share: Share) -> Requests:
    while True:
        yield get(site, "counted")


def get(site: Site, path: str, **headers: str) -> bytes:
    return message(site, f"GET {site.paths[path]}", headers, b"")


def token_request(site: Site, client: Mapping[str, str], **parameters: str) -> bytes:
    body = urlencode({**client, **parameters}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
    return message(site, f"POST {site.paths['token']}", headers, body)


def message(site: Site, line: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """As a proxy on this machine sends it on, which has taken the encryption off."""
    all_headers: dict[str, Any] = {
        "Host": site.host,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "203.0.113.7",
        **headers,
    }
    lines = [f"{line} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in all_headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


WORKS = {
    "empty": Work("Empty view, full middleware", empty, b"ok", path="empty", writes=False),
    "counted": Work("Empty view and one rate-limit counter", counted, b"ok", path="counted", writes=False),
    "confidential": Work("Confidential code to token", confidential_codes, b'"access_token"', spends="confidential"),
    "public": Work("Public code to token", public_codes, b'"access_token"', spends="public"),
    "refresh": Work("Refresh", refreshes, b'"access_token"'),
    "machine": Work("Client credentials", machine_tokens, b'"access_token"'),
    "profile": Work("Profile by bearer", profiles, b"@bench.example", path="profile", writes=False),
    "authorize": Work("Authorize page", consent_pages, b"Bench", path="authorize"),
    "metadata": Work("Partnership metadata", projects, b'"project"', path="metadata", writes=False),
}
