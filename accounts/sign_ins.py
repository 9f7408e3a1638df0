"""When and how the person of a browser session proved who they are."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest

# allauth's methods in the words of RFC 8176. A sign-in elsewhere proves nothing that we saw.
METHODS = {"password": "pwd", "totp": "otp", "recovery_codes": "otp", "webauthn": "pop"}


@dataclass(frozen=True, slots=True)
class SignIn:
    """`at` is the last proof; `methods` are values of `amr` (RFC 8176), each once."""

    session_key: str
    at: datetime
    methods: tuple[str, ...]


def of(request: HttpRequest) -> SignIn:
    """The sign-in of the session; one of 1970 for a session in which nobody proved anything."""
    records = request.session.get("account_authentication_methods", [])
    last = max((record["at"] for record in records), default=0)
    kinds = [METHODS.get(record.get("type") or record["method"]) for record in records]
    methods = tuple(dict.fromkeys(kind for kind in kinds if kind))
    several = ("mfa",) if len(methods) > 1 else ()
    return SignIn(request.session.session_key or "", datetime.fromtimestamp(last, UTC), methods + several)
