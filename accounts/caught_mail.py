"""Mail of the embedded profile: kept in `var/mail` and shown at `/dev/mail`, sent to nobody."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMessage
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

KEPT = 200


@dataclass(frozen=True, slots=True)
class CaughtMail:
    name: str
    subject: str
    to: str
    sent_on: str
    text: str
    html: str


class CaughtMailBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{time.time_ns():020d}-{secrets.token_hex(4)}.eml"
            (folder() / name).write_bytes(message.message().as_bytes())
        for old in names()[KEPT:]:
            (folder() / old).unlink(missing_ok=True)
        return len(email_messages)


def names() -> list[str]:
    """The names of all kept mails, newest first."""
    return sorted((path.name for path in folder().glob("*.eml")), reverse=True)


def read(name: str) -> CaughtMail | None:
    """The mail `name`, which must be one of `names()`: it comes from an address."""
    if name not in names():
        return None
    message = message_from_bytes((folder() / name).read_bytes(), policy=policy.default)
    return CaughtMail(
        name=name,
        subject=str(message["Subject"]),
        to=str(message["To"]),
        sent_on=str(message["Date"]),
        text=body(message, "plain"),
        html=body(message, "html"),
    )


def body(message: ParsedMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def folder() -> Path:
    return Path(settings.CAUGHT_MAIL)
