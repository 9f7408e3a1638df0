"""A client as the field has them: it speaks the wire and knows nothing of the inside."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from oauth_provider.models import Application
from tests.cast import signed_in

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
AUTHORIZE = "/api/oauth/v1/authorize"
TOKEN = "/api/oauth/v1/token"
HANDLE = re.compile(r'name="?handle"? value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """A JSON answer: its status, its body and its headers."""

    status: int
    body: dict[str, Any]
    headers: Any

    @property
    def error(self) -> str | None:
        return self.body.get("error")

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


def answer(response: HttpResponse) -> Answer:
    return Answer(response.status_code, response.json() if response.content else {}, response.headers)


@dataclass
class OAuthClient:
    application: Application
    secret: str | None = None
    redirect_uri: str = ""
    wire: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.redirect_uri = self.redirect_uri or self.application.redirect_uris.split()[0]

    def authorize_query(self, **changes: str | None) -> str:
        values: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.application.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "user:read",
            "state": "the-state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return urlencode({name: value for name, value in values.items() if value is not None})

    def ask(self, browser: Client, **changes: str | None) -> HttpResponse:
        """GET authorize, redirects not followed."""
        return browser.get(f"{AUTHORIZE}?{self.authorize_query(**changes)}")

    def allow(self, browser: Client, page: HttpResponse, choice: str = "allow") -> HttpResponse:
        """Presses a button of the consent page."""
        return browser.post(AUTHORIZE, {"handle": handle_of(page), "answer": choice})

    def code_for(self, user: User, **changes: str | None) -> str:
        """The whole way through the browser to a code."""
        browser = signed_in(user)
        response = self.ask(browser, **changes)
        if response.status_code == 200:
            response = self.allow(browser, response)
        return sent_back(response)["code"]

    def credentials(self) -> dict[str, str]:
        named = {"client_id": self.application.client_id}
        return {**named, "client_secret": self.secret} if self.secret else named

    def post_token(self, **parameters: str | None) -> Answer:
        body = {name: value for name, value in {**self.credentials(), **parameters}.items() if value is not None}
        return answer(self.wire.post(TOKEN, body, content_type="application/json"))

    def redeem(self, code: str, **changes: str | None) -> Answer:
        values: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
            **changes,
        }
        return self.post_token(**values)

    def tokens_for(self, user: User, **changes: str | None) -> Answer:
        return self.redeem(self.code_for(user, **changes))

    def refresh(self, refresh_token: str, **changes: str | None) -> Answer:
        return self.post_token(grant_type="refresh_token", refresh_token=refresh_token, **changes)

    def revoke(self, token: str, **changes: str | None) -> Answer:
        body = {name: value for name, value in {**self.credentials(), "token": token, **changes}.items() if value}
        return answer(self.wire.post("/api/oauth/v1/revoke", body, content_type="application/json"))

    def profile(self, access_token: str) -> Answer:
        return profile(access_token, self.wire)


def profile(access_token: str, wire: Client | None = None) -> Answer:
    return answer((wire or Client()).get("/auth/v1/profile", headers={"Authorization": f"Bearer {access_token}"}))


def handle_of(page: HttpResponse) -> str:
    found = HANDLE.search(page.content.decode())
    assert found, f"no consent page: {page.status_code} {page.headers.get('Location')} {page.content[:300]!r}"
    return found[1]


def sent_back(response: HttpResponse) -> dict[str, str]:
    """The parameters of a redirect back to a client, each of which stands there once."""
    assert response.status_code == 302, (response.status_code, response.content[:300])
    query = parse_qs(urlsplit(response["Location"]).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in query.values()), query
    return {name: values[0] for name, values in query.items()}
