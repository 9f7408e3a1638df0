"""What people and partners are told by mail. Text and HTML say the same (pages.md, "E-mails")."""

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from partnership.models import Partner, Webhook

log = structlog.get_logger("gatehouse.mail")


@dataclass(frozen=True, slots=True)
class Notice:
    subject: str
    text: str
    link: str
    link_text: str
    not_you: str
    at: datetime


def send(to: str, notice: Notice) -> None:
    """A mail server that is away fails no call: what the mail tells is on a page as well."""
    context = {"notice": notice, "at": notice.at.astimezone(UTC), "brand_name": settings.BRAND_NAME}
    message = EmailMultiAlternatives(
        f"{notice.subject} · {settings.BRAND_NAME}",
        render_to_string("partnership/mail.txt", context),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("partnership/mail.html", context), "text/html")
    try:
        message.send()
    except OSError as fault:
        log.warning("mail not sent", subject=notice.subject, detail=type(fault).__name__)


def linked(partner: Partner, now: datetime) -> Notice:
    text = _("%(partner)s can now create projects in your account and manage those that it made, no others.")
    return Notice(
        subject=_("%(partner)s was linked to your account") % {"partner": partner.name},
        text=text % {"partner": partner.name},
        link=settings.BASE_URL + reverse("connected_apps"),
        link_text=_("See or cut the link"),
        not_you=_("Cut the link on that page: the partner loses access at once, and your projects stay."),
        at=now,
    )


def agree_again(partner: Partner, token: str, now: datetime) -> Notice:
    text = _("You cut the link to %(partner)s, and it asks to be linked again. It has no access until you agree.")
    return Notice(
        subject=_("%(partner)s asks to be linked again") % {"partner": partner.name},
        text=text % {"partner": partner.name},
        link=settings.BASE_URL + reverse("agree_to_partner", args=[token]),
        link_text=_("Look at it and decide"),
        not_you=_("Ignore this mail. Nothing happens without your answer."),
        at=now,
    )


def webhook_disabled(webhook: Webhook, reason: str, now: datetime) -> Notice:
    """`reason`: `gone` or `failing`, as `deliveries.py` found it."""
    why = {
        "gone": _("%(url)s answered that it is gone (410), so it was switched off."),
        "failing": _("Nothing could be delivered to %(url)s for three days, so it was switched off."),
    }
    mend = _("Mend it, switch it on by PATCH, then replay what it missed.")
    return Notice(
        subject=_("A webhook was switched off"),
        text=f"{why[reason] % {'url': webhook.url}} {mend}",
        link=f"{settings.BASE_URL}/docs",
        link_text=_("How webhooks work"),
        not_you=_("Write to %(support)s.") % {"support": settings.SUPPORT_EMAIL},
        at=now,
    )
