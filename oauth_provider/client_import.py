"""Clients that move in from elsewhere: a JSON file read, judged whole, and written or not.

Format: docs/clients-import.md. A client may keep its id and bring the digest of its secret,
so that its users and its holder notice nothing.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.json_places import Lines, children
from oauth_provider import client_details, client_names, clients
from oauth_provider.client_details import LINKS, SWITCHES, Details
from oauth_provider.models import Application, ClientSecret

Kind = Application.Kind
MAX_CLIENTS = 1000
SHA256_HEX = re.compile(r"[0-9a-f]{64}\Z")
ONE_DIGEST = "The SHA-256 of the secret: 64 hex digits in lower case."
TEXTS = ("name", "kind", "client_id", "client_secret_sha256", "backchannel_logout_uri", *LINKS)
LISTS = ("redirect_uris", "post_logout_redirect_uris", "allowed_scopes", "default_scopes", "allowed_origins")
KEYS = dict.fromkeys(TEXTS, str) | dict.fromkeys(LISTS, list) | dict.fromkeys(("keeps_secret", *SWITCHES), bool)
# What a client that does not say otherwise keeps, by its kind; a web client has to say.
KEEPS_SECRET = {Kind.NATIVE.value: False, Kind.MACHINE.value: True}


class Unreadable(Exception):
    """The file is not a list of clients; nothing in it was judged."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One client of the file. `line` is where it begins, `index` its place from 1."""

    index: int
    line: int
    details: Details
    client_id: str
    secret_digest: bytes | None


@dataclass(frozen=True, slots=True)
class Refusal:
    index: int
    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    index: int
    name: str
    client_id: str
    secret: str | None  # in clear, for this once; None if there is none or it was brought


def read(text: str) -> tuple[list[Entry], list[Refusal]]:
    """The clients in `text`, and every reason against any of them. Raises Unreadable."""
    entries: list[Entry] = []
    refusals: list[Refusal] = []
    for index, (line, raw) in enumerate(located(text), start=1):
        faults = faults_of_shape(raw)
        if not faults:
            entry = entry_of(index, line, raw)
            entries.append(entry)
            faults = faults_of_entry(entry)
        refusals += [Refusal(index, line, field, reason) for field, reason in faults]
    return entries, sorted([*refusals, *clashes(entries)], key=lambda refusal: refusal.index)


@transaction.atomic
def write(entries: list[Entry], now: datetime) -> list[Imported]:
    """Registers all of `entries`, which `read` gave without a refusal, or none."""
    imported = []
    for entry in entries:
        made = clients.register(entry.details, now=now, client_id=entry.client_id, secret_digest=entry.secret_digest)
        client = made.application
        imported.append(Imported(entry.index, client.name, client.client_id, made.secret))
    return imported


def located(text: str) -> list[tuple[int, Any]]:
    """The members of the JSON array in `text`, each with the line it begins on."""
    decoder = json.JSONDecoder(object_pairs_hook=once)
    try:
        whole = decoder.decode(text)
        if not isinstance(whole, list) or len(whole) > MAX_CLIENTS:
            raise Unreadable(f"The file is a JSON array of at most {MAX_CLIENTS} clients.")
        lines, start = Lines(text), text.index("[")
        return [(lines.at(place), member) for _index, place, member in children(text, start, decoder)]
    except json.JSONDecodeError as fault:
        raise Unreadable(f"Line {fault.lineno}: not JSON ({fault.msg}).") from None
    except RecursionError:
        raise Unreadable("The file is nested too deeply.") from None


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _value in pairs]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise Unreadable(f'The key "{repeated}" stands twice in one client.')
    return dict(pairs)


def faults_of_shape(raw: Any) -> list[tuple[str, str]]:
    if not isinstance(raw, dict):
        return [("", "A client is a JSON object.")]
    faults = [(ascii(name), "Unknown key.") for name in raw if name not in KEYS]
    faults += [(name, "Needed.") for name in ("name", "kind") if name not in raw]
    faults += [(name, "Of the wrong type.") for name, kind in KEYS.items() if name in raw and not fits(raw[name], kind)]
    faults += [(name, ONE_DIGEST) for name in ("client_secret_sha256",) if name in raw and not is_digest(raw[name])]
    if raw.get("kind") == Kind.WEB and "keeps_secret" not in raw:
        faults.append(("keeps_secret", "Needed: true for a web client on a server, false for a script in a browser."))
    return faults


def is_digest(value: Any) -> bool:
    return isinstance(value, str) and SHA256_HEX.match(value) is not None


def fits(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, kind)


def entry_of(index: int, line: int, raw: Mapping[str, Any]) -> Entry:
    given = {field.name: raw[field.name] for field in fields(Details) if field.name in raw}
    given |= {name: tuple(given[name]) for name in LISTS if name in given}
    given["name"] = client_names.tidy(raw["name"])
    given.setdefault("keeps_secret", KEEPS_SECRET.get(raw["kind"], True))
    scopes = ("usage:write",) if raw["kind"] == Kind.MACHINE else ("user:read",)
    given.setdefault("allowed_scopes", scopes)
    given.setdefault("default_scopes", scopes)
    known = raw.get("client_secret_sha256")
    return Entry(index, line, Details(**given), raw.get("client_id", ""), bytes.fromhex(known) if known else None)


def faults_of_entry(entry: Entry) -> list[tuple[str, str]]:
    faults = [
        (field, reason)
        for field, reasons in client_details.find_faults(entry.details, from_staff=True).items()
        for reason in reasons
    ]
    taken = client_details.find_fault_of_client_id(entry.client_id) if entry.client_id else None
    if taken:
        faults.append(("client_id", taken))
    return faults + [("client_secret_sha256", reason) for reason in faults_of_digest(entry)]


def faults_of_digest(entry: Entry) -> list[str]:
    if entry.secret_digest is None:
        return []
    if not entry.details.keeps_secret:
        return ["A public client has no secret."]
    if ClientSecret.objects.filter(digest=entry.secret_digest).exists():
        return ["Another client has this secret."]
    return []


def clashes(entries: list[Entry]) -> list[Refusal]:
    """What two clients of the file have that only one may."""
    refusals: list[Refusal] = []
    seen: set[tuple[str, object]] = set()
    verified = {client_names.fold(entry.details.name) for entry in entries if entry.details.is_verified}
    for entry in entries:
        if not entry.details.is_verified and client_names.fold(entry.details.name) in verified:
            refusals.append(Refusal(entry.index, entry.line, "name", "Looks like a verified client of the file."))
        for field, value in (("client_id", entry.client_id), ("client_secret_sha256", entry.secret_digest)):
            if value and (field, value) in seen:
                refusals.append(Refusal(entry.index, entry.line, field, "Stands twice in the file."))
            seen.add((field, value))
    return refusals
