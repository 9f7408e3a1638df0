"""Mail to people: what happened, when (UTC), from where, and what to do if it was not you.

Text and HTML say the same; no images, nothing that tells the sender who reads.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from accounts import browsers
from accounts.client_address import client_address
from accounts.encryption import decrypt, encrypt
from accounts.models import OutgoingMail
from accounts.security_events import browser_of
from accounts.wake import wake


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail. `code` is set apart to be typed in; `link` stands below `link_text`.

    `not_you` answers "Not you?". No field may hold a secret but `code` and `link`.
    """

    subject: str
    text: str
    not_you: str
    code: str = ""
    link: str = ""
    link_text: str = ""
    lines: list[str] = field(default_factory=list)


def post(to: str, letter: Letter, request: HttpRequest | None, now: datetime) -> None:
    """Leaves `letter` to `to` for the worker, saying that it came about at `now` and, if known, through `request`.

    Written in the caller's transaction, and nothing is sent meanwhile: how long a mail server
    takes would tell who has an account. To nobody (empty `to`): the same work, and no mail.
    """
    content = {
        "to": to,
        "language": get_language(),
        "letter": asdict(letter),
        "at": now.isoformat(),
        **({"address": client_address(request), "browser": browser_of(request)} if request else {}),
    }
    OutgoingMail.objects.create(encrypted_content=encrypt(json.dumps(content)), created_at=now, due_at=now)
    wake("letters")


def written(mail: OutgoingMail) -> EmailMultiAlternatives | None:
    """The message that was posted as `mail`; None if it is to nobody.

    Raises ValueError if no key of the list decrypts it.
    """
    content = json.loads(decrypt(mail.encrypted_content))
    with override(content.get("language")):
        return composed(mail, content)


def composed(mail: OutgoingMail, content: dict[str, Any]) -> EmailMultiAlternatives | None:
    """`content` as a message, in the language that is active: the one in which its letter was written."""
    letter = Letter(**content["letter"])
    context = {
        **content,
        "letter": letter,
        "at": datetime.fromisoformat(content["at"]).astimezone(UTC),
        "browser": browsers.in_words(content.get("browser", "")),
        "brand_name": settings.BRAND_NAME,
        "support_email": settings.SUPPORT_EMAIL,
    }
    message = EmailMultiAlternatives(
        # One line whatever a name in it has: else the mail is refused as a forged header.
        subject=" ".join(f"{letter.subject} · {settings.BRAND_NAME}".split()),
        body=render_to_string("mail/letter.txt", context),
        to=[content["to"]],
        headers={
            "Auto-Submitted": "auto-generated",
            "Message-ID": f"<{mail.uuid}@{urlsplit(settings.BASE_URL).hostname}>",
        },
    )
    message.attach_alternative(render_to_string("mail/letter.html", context), "text/html")
    return message if content["to"] else None


def address_of(mail: OutgoingMail) -> str:
    """Whom `mail` is to. Raises ValueError if no key of the list decrypts it."""
    return str(json.loads(decrypt(mail.encrypted_content))["to"])


def page(name: str, **arguments: object) -> str:
    """The absolute address of a page of ours, by the deployment's own name.

    Never by the request's Host: a forged one would put a stranger's link into our mail.
    """
    return settings.BASE_URL + reverse(name, kwargs=arguments)


def change_your_password() -> str:
    return _("Reset your password at %(link)s and look through your account's security page.") % {
        "link": page("account_reset_password")
    }


def ignore_it() -> str:
    return _("Ignore this mail. Nothing happens without what stands in it.")
