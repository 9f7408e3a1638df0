"""Fills an empty database of the stock project: people, clients, sessions, codes.

DJANGO_SETTINGS_MODULE=bench.token.stock.settings python -m bench.token.stock.seed

BENCH_CODES codes of each kind; BENCH_SEEDS: where the JSON goes that `bench/token/servers.py` reads.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from secrets import token_urlsafe

import django

django.setup()

from django.conf import settings  # noqa: E402 after the settings
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import Application, Grant  # noqa: E402

from bench.token.works import CHALLENGE  # noqa: E402

PEOPLE, SESSIONS = 100, 8
REDIRECT = "https://app.bench.example/callback"
KINDS = {
    "confidential": ("confidential", "authorization-code"),
    "public": ("public", "authorization-code"),
    "machine": ("confidential", "client-credentials"),
}


def main(number: int) -> dict[str, object]:
    call_command("migrate", verbosity=0)
    people = [
        User.objects.create(username=f"person{each}", email=f"person{each}@bench.example", first_name="Bench")
        for each in range(PEOPLE)
    ]
    made = {kind: register(kind, *types) for kind, types in KINDS.items()}
    return {
        "clients": {kind: parameters for kind, (_, parameters) in made.items()},
        "codes": {kind: issue(made[kind][0], people, number) for kind in ("confidential", "public")},
        "cookies": [signed_in(person) for person in people[:SESSIONS]],
    }


def register(kind: str, client_type: str, grant: str) -> tuple[Application, dict[str, str]]:
    """The client, and what it says of itself at the token endpoint."""
    secret = token_urlsafe(32)
    application = Application.objects.create(
        name="Bench",
        client_id=f"bench-{kind}",
        client_secret=secret,
        hash_client_secret=not settings.HARDENED,
        client_type=client_type,
        authorization_grant_type=grant,
        redirect_uris=REDIRECT if grant == "authorization-code" else "",
    )
    parameters = {"client_id": application.client_id}
    if client_type == "confidential":
        parameters["client_secret"] = secret
    if grant == "authorization-code":
        parameters["redirect_uri"] = REDIRECT
    return application, parameters


def issue(application: Application, people: list[User], number: int) -> list[str]:
    ends = timezone.now() + timedelta(days=1)
    grants = [
        Grant(
            application=application,
            user=person,
            code=token_urlsafe(32),
            expires=ends,
            redirect_uri=REDIRECT,
            scope="read",
            code_challenge=CHALLENGE,
            code_challenge_method="S256",
        )
        for _, person in zip(range(number), cycle(people), strict=False)
    ]
    Grant.objects.bulk_create(grants, batch_size=1000)
    return [grant.code for grant in grants]


def signed_in(person: User) -> str:
    browser = Client()
    browser.force_login(person)
    return f"{settings.SESSION_COOKIE_NAME}={browser.session.session_key}"


if __name__ == "__main__":
    Path(os.environ["BENCH_SEEDS"]).write_text(json.dumps(main(int(os.environ["BENCH_CODES"]))))
