"""Fills an empty database of Gatehouse through its own functions: people, clients, sessions, codes, a partner.

DJANGO_SETTINGS_MODULE=config.settings python -m bench.token.seed

BENCH_CODES codes of each kind; BENCH_SEEDS: where the JSON goes that `bench/token/servers.py` reads.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import urlencode

import django

django.setup()

from django.conf import settings  # noqa: E402 after the settings
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.digests import digest  # noqa: E402
from accounts.models import User  # noqa: E402
from accounts.people import create_person  # noqa: E402
from accounts.sign_ins import SignIn  # noqa: E402
from bench.token.rows import copy_row  # noqa: E402
from bench.token.works import CHALLENGE  # noqa: E402
from oauth_provider import authorization_request, clients, codes, keys  # noqa: E402
from oauth_provider.client_details import Details  # noqa: E402
from oauth_provider.models import Code  # noqa: E402
from partnership import creation, operations, partners  # noqa: E402
from partnership.events import SYSTEM  # noqa: E402
from partnership.models import Partner, Project  # noqa: E402

PEOPLE, SESSIONS = 100, 8
REDIRECT = "https://app.bench.example/callback"
WITH_PEOPLE = {"name": "Bench", "redirect_uris": (REDIRECT,), "allowed_scopes": ("user:read",)}
OF_A_MACHINE = {"allowed_scopes": ("usage:write",), "default_scopes": ("usage:write",)}
KINDS = {
    "confidential": Details(kind="web", keeps_secret=True, **WITH_PEOPLE),
    "public": Details(kind="web", keeps_secret=False, **WITH_PEOPLE),
    "machine": Details(kind="machine", keeps_secret=True, name="Bench", **OF_A_MACHINE),
}


def main(number: int) -> dict[str, object]:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    keys.rotate(timezone.now())
    people = [create_person(f"person{each}@bench.example", "Bench", is_email_verified=True) for each in range(PEOPLE)]
    known = {kind: register(details) for kind, details in KINDS.items()}
    return {
        "clients": known,
        "codes": {kind: issue(known[kind]["client_id"], people, number) for kind in ("confidential", "public")},
        "cookies": [signed_in(person) for person in people[:SESSIONS]],
        **make_project(),
    }


def register(details: Details) -> dict[str, str]:
    """What the new client says of itself at the token endpoint."""
    made = clients.register(details, now=timezone.now())
    parameters = {"client_id": made.application.client_id}
    if made.secret:
        parameters["client_secret"] = made.secret
    if details.redirect_uris:
        parameters["redirect_uri"] = REDIRECT
    return parameters


def issue(client_id: str, people: list[User], number: int) -> list[str]:
    """`number` codes, one of them by the provider itself and the others copies of its row, of `people` in turn."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": REDIRECT,
        "scope": "user:read",
        "state": "bench",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    now = timezone.now()
    asked = authorization_request.read(urlencode(query))
    first = codes.issue(asked, people[0], sign_in=SignIn("", now, ("pwd",)), now=now)
    ids = ", ".join(f"'{person.pk}'::uuid" for person in people)
    changes = {
        "digest": f"sha256(('{client_id}-' || number)::bytea)",
        "family_id": "gen_random_uuid()",
        "user_id": f"(ARRAY[{ids}])[1 + mod(number, {len(people)})]",
    }
    copy_row(connection.connection, Code._meta.db_table, number, changes, f"digest = '\\x{digest(first).hex()}'")
    return [f"{client_id}-{each}" for each in range(number)]


def signed_in(person: User) -> str:
    browser = Client()
    browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return f"{settings.SESSION_COOKIE_NAME}={browser.session.session_key}"


def make_project() -> dict[str, object]:
    """A project that a white-label partner may read, and with what."""
    now = timezone.now()
    partner = Partner(
        id="ps_bench0000001",
        name="Bench",
        contact_email="ops@bench.example",
        is_white_label=True,
        requests_per_minute=10**9,
    )
    secret = partners.register(partner, partners.NewSecret(), actor=SYSTEM, now=now)
    owner = creation.Owner(Project.Mode.WHITE_LABEL, partner=partner)
    project, _ = creation.sync(owner, creation.Wanted("Bench"), actor=SYSTEM, now=now)
    while project.status != Project.Status.ACTIVE:
        operations.run_due(timezone.now())
        project.refresh_from_db()
    return {
        "metadata_path": f"/partnership/v1/{partner.pk}/{project.pk}/metadata",
        "partner_secret": secret,
    }


if __name__ == "__main__":
    Path(os.environ["BENCH_SEEDS"]).write_text(json.dumps(main(int(os.environ["BENCH_CODES"]))))
