"""The demo's people and clients, and `var/demo.json`, which tells a developer and the tests of them.

Embedded profile only: the passwords stand in this file. Repeatable: what is there stays, so
that a person's own changes survive the next start; a secret nobody can read any more (the
file is gone) is replaced.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.digests import digest
from accounts.models import User
from accounts.people import create_person
from config import demo_usage
from oauth_provider.models import Application, ClientSecret
from oauth_provider.opaque import new_client_secret
from partnership import members, partners
from partnership.events import SYSTEM
from partnership.members import Hand
from partnership.models import Partner, PartnerRole
from partnership.partners import NewSecret

PUBLIC_CLIENT_ID = "clf_NK8cMUs41gm8ZcfdtSguVw"  # built into the deployed CLI
SCOPES = "user:read openid profile email organizations:read projects:read projects:write"
CALLBACK = "http://127.0.0.1:4000/auth/callback"
AFTER_SIGNING_OUT = "http://127.0.0.1:4000/signed-out"
WEB_REDIRECTS = (
    CALLBACK,
    "http://localhost:4000/auth/callback",
    "http://localhost:3000/auth/callback",
    # /demo itself, on whatever port it runs: the port of a loopback address is free.
    "http://127.0.0.1/demo/callback",
    "http://localhost/demo/callback",
    "http://[::1]/demo/callback",
)
CLI_REDIRECT = "http://127.0.0.1/callback"


@dataclass(frozen=True, slots=True)
class Person:
    key: str
    email: str
    password: str
    name: str
    is_staff: bool = False

    def public(self) -> dict[str, str]:
        return {"email": self.email, "password": self.password}


PEOPLE = (
    Person("staff", "admin@example.com", "gatehouse-dev", "Ada Admin", is_staff=True),
    Person("user", "alice@example.com", "alice-in-gatehouse", "Alice Example"),
    Person("other_user", "mallory@example.com", "mallory-in-gatehouse", "Mallory Example"),
)

CLIENTS: dict[str, dict[str, Any]] = {
    "confidential": {
        "client_id": "clf_AAAAAAAAAAAAAAAAAADemo",
        "name": "Demo Notes",
        "kind": "web",
        "client_type": "confidential",
        "authorization_grant_type": "authorization-code",
        "redirect_uris": " ".join(WEB_REDIRECTS),
        "post_logout_redirect_uris": AFTER_SIGNING_OUT,
        "allowed_scopes": SCOPES,
        "is_verified": True,
    },
    "public": {
        "client_id": PUBLIC_CLIENT_ID,
        "name": "Demo CLI",
        "kind": "native",
        "client_type": "public",
        "authorization_grant_type": "authorization-code",
        "redirect_uris": CLI_REDIRECT,
        "allowed_scopes": SCOPES,
        "rotates_refresh_tokens": True,
        "allows_device_grant": True,
    },
    # examples/device_login.py
    "device": {
        "client_id": "clf_AAAAAAAAAAAAAAAADevice",
        "name": "Demo device",
        "kind": "native",
        "client_type": "public",
        "authorization_grant_type": "authorization-code",
        "redirect_uris": "",
        "allowed_scopes": SCOPES,
        "rotates_refresh_tokens": True,
        "allows_device_grant": True,
    },
    "machine": {
        "client_id": "clf_AAAAAAAAAAAAAAAAAMeter",
        "name": "Demo meter",
        "kind": "machine",
        "client_type": "confidential",
        "authorization_grant_type": "client-credentials",
        "redirect_uris": "",
        "allowed_scopes": "usage:write",
        "default_scopes": "usage:write",
    },
}


PARTNERS: dict[str, dict[str, Any]] = {
    "co_branded": {
        "id": "ps_democobranded00",
        "name": "Demo Studio",
        "contact_email": "studio@example.com",
        "is_co_branded": True,
    },
    "white_label": {
        "id": "ps_demowhitelabel0",
        "name": "Demo Cloud",
        "contact_email": "cloud@example.com",
        "is_white_label": True,
    },
}


class NotEmbedded(Exception):
    """Outside the embedded profile nobody gets accounts with published passwords."""


def path() -> Path:
    return Path(settings.VAR) / "demo.json"


def read() -> dict[str, Any]:
    """What `var/demo.json` holds; empty where there is none, or none that can be read."""
    try:
        held = json.loads(path().read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def missing() -> list[str]:
    """Which people, clients and partners `seed` would make. Raises NotEmbedded like it."""
    check_embedded()
    people = set(User.objects.values_list("email", flat=True))
    clients = set(Application.objects.values_list("client_id", flat=True))
    known_partners = set(Partner.objects.values_list("pk", flat=True))
    return [
        *(person.email for person in PEOPLE if person.email not in people),
        *(fields["client_id"] for fields in CLIENTS.values() if fields["client_id"] not in clients),
        *(fields["id"] for fields in PARTNERS.values() if fields["id"] not in known_partners),
    ]


def check_embedded() -> None:
    if not settings.EMBEDDED:
        raise NotEmbedded


def seed(now: datetime) -> dict[str, Any]:
    """Makes what is missing, writes `var/demo.json` and gives what it holds.

    Raises NotEmbedded outside the embedded profile.
    """
    check_embedded()
    known, known_partners = read().get("clients", {}), read().get("partners", {})
    with transaction.atomic():
        for person in PEOPLE:
            ensure_person(person)
        clients = {key: ensure_client(key, known.get(key, {}), now) for key in CLIENTS}
        demo_partners = {key: ensure_partner(key, known_partners.get(key, {}), now) for key in PARTNERS}
    meter = Application.objects.get(client_id=CLIENTS["machine"]["client_id"])
    demo_usage.seed(Partner.objects.get(pk=PARTNERS["white_label"]["id"]), meter.pk, now)
    held = {
        "base_url": settings.BASE_URL,
        **{person.key: person.public() for person in PEOPLE},
        "clients": clients,
        "partners": demo_partners,
    }
    write(held)
    return held


def ensure_person(person: Person) -> None:
    if User.objects.filter(email__iexact=person.email).exists():
        return
    create_person(
        person.email,
        person.name,
        person.password,
        is_email_verified=True,
        is_staff=person.is_staff,
        is_superuser=person.is_staff,
    )


def ensure_client(key: str, known: dict[str, str], now: datetime) -> dict[str, str]:
    """What the file says of the client `key`; `known` is what it said before."""
    fields = CLIENTS[key]
    application, _ = Application.objects.get_or_create(client_id=fields["client_id"], defaults=fields)
    shown = {"client_id": application.client_id}
    if not application.is_public:
        shown["client_secret"] = ensure_secret(application, known.get("client_secret", ""), now)
    if application.redirect_uris:
        shown["redirect_uri"] = application.redirect_uris.split()[0]
    return shown


def ensure_partner(key: str, known: dict[str, str], now: datetime) -> dict[str, str]:
    """What the file says of the partner `key`: its id, and its one live secret."""
    fields = PARTNERS[key]
    partner, _ = Partner.objects.get_or_create(id=fields["id"], defaults=fields)
    secret = known.get("secret", "")
    if not (secret and partner.secrets.filter(digest=digest(secret), expires_at=None).exists()):
        partner.secrets.filter(name="demo").delete()
        secret = partners.issue(partner, NewSecret("demo"), actor=SYSTEM, now=now)
    ensure_owner(partner, now)
    return {"id": partner.pk, "secret": secret}


def ensure_owner(partner: Partner, now: datetime) -> None:
    """alice comes into the console of every demo partner that has nobody."""
    alice = User.objects.filter(email=PEOPLE[1].email).first()
    if alice is None or partner.members.exists():
        return
    by = Hand(alice, SYSTEM, is_staff=True)
    token = members.invite(partner, alice.email, PartnerRole.OWNER, by=by, now=now)
    members.accept(token, alice, actor=SYSTEM, now=now)


def ensure_secret(application: Application, known: str, now: datetime) -> str:
    if known and application.secrets.filter(digest=digest(known), expires_at=None).exists():
        return known
    secret = new_client_secret()
    ClientSecret.objects.filter(application=application, slot=1).delete()
    ClientSecret.objects.create(
        application=application, slot=1, digest=digest(secret), last_four=secret[-4:], created_at=now
    )
    return secret


def write(held: dict[str, Any]) -> None:
    """Whole or not at all, and readable by nobody else from its first byte."""
    target = path()
    target.parent.mkdir(mode=0o700, exist_ok=True)
    draft = target.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(held, file, indent=2)
        file.write("\n")
    draft.replace(target)
