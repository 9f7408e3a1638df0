"""What to try first with a new client: a curl line and, for people's clients, the test link."""

import base64
import hashlib
import json
import secrets
import shlex
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings

from oauth_provider import scopes
from oauth_provider.models import Application


@dataclass(frozen=True, slots=True)
class FirstSteps:
    curl: str
    # Opens the client's consent page; "" for a machine. Its verifier stands in `curl`.
    test_link: str


def first_steps(client: Application, secret: str | None) -> FirstSteps:
    """Lines that work as they stand; the verifier is thrown away with the page."""
    named = {"client_id": client.client_id, **({"client_secret": secret} if secret else {})}
    if client.kind == Application.Kind.MACHINE:
        return FirstSteps(curl({"grant_type": "client_credentials", **named}), "")
    if not client.redirect_uris:
        return FirstSteps(device_curl(client), "")
    verifier = secrets.token_urlsafe(32)
    redirect_uri = client.redirect_uris.split()[0]
    body = {
        "grant_type": "authorization_code",
        "code": "CODE",
        "redirect_uri": redirect_uri,
        **named,
        "code_verifier": verifier,
    }
    return FirstSteps(curl(body), test_link(client, redirect_uri, verifier))


def curl(body: dict[str, str], path: str = "/api/oauth/v1/token") -> str:
    url = f"{settings.BASE_URL}{path}"
    return f"curl {shlex.quote(url)} -H 'Content-Type: application/json' -d {shlex.quote(json.dumps(body))}"


def device_curl(client: Application) -> str:
    body = {"client_id": client.client_id, "scope": client.default_scopes or client.allowed_scopes}
    return curl(body, "/api/oauth/v1/device_authorization")


def test_link(client: Application, redirect_uri: str, verifier: str) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": client.default_scopes or scopes.parse(client.allowed_scopes)[0],
        "state": "test",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{settings.BASE_URL}/api/oauth/v1/authorize?{urlencode(query)}"
