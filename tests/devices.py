"""A device without a browser, as RFC 8628 has it: it asks, shows a code and polls."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from oauth_provider.models.application import DEVICE_CODE
from tests.cast import signed_in
from tests.clients import Answer, OAuthClient, answer, handle_of

ASK = "/api/oauth/v1/device_authorization"


@dataclass
class Device(OAuthClient):
    redirect_uri: str = "-"

    def ask_for_codes(self, **changes: str | None) -> Answer:
        given: dict[str, str | None] = {**self.credentials(), **changes}
        body = {name: value for name, value in given.items() if value is not None}
        return answer(self.wire.post(ASK, body, content_type="application/json"))

    def poll(self, device_code: str, **changes: str | None) -> Answer:
        return self.post_token(grant_type=DEVICE_CODE, device_code=device_code, **changes)

    def code_allowed_by(self, user: User, **changes: str | None) -> str:
        """A device code that `user` has allowed already."""
        codes = self.ask_for_codes(**changes)
        page = respond(signed_in(user), codes["user_code"])
        assert page.status_code == 200
        assert "Allowed. Go back to your device." in page.content.decode()
        return str(codes["device_code"])


def enter(browser: Client, user_code: str) -> HttpResponse:
    return browser.post("/device", {"user_code": user_code})


def respond(browser: Client, user_code: str, choice: str = "allow") -> HttpResponse:
    """Types the code in and presses a button of the page that comes."""
    return press(browser, enter(browser, user_code), choice)


def press(browser: Client, page: HttpResponse, choice: str = "allow") -> HttpResponse:
    return browser.post("/device/answer", {"handle": handle_of(page), "answer": choice})
