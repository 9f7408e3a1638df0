"""What people and partners are told about partnerships (pages.md, "E-mails")."""

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.mail import Letter, ignore_it, page
from partnership.models import Partner, Webhook


def linked(partner: Partner) -> Letter:
    text = _("%(partner)s can now create projects in your account and manage those that it made, no others.")
    return Letter(
        subject=_("%(partner)s was linked to your account") % {"partner": partner.name},
        text=text % {"partner": partner.name},
        link=page("connected_apps"),
        link_text=_("See or cut the link"),
        not_you=_("Cut the link on that page: the partner loses access at once, and your projects stay."),
    )


def agree_again(partner: Partner, token: str) -> Letter:
    text = _("You cut the link to %(partner)s, and it asks to be linked again. It has no access until you agree.")
    return Letter(
        subject=_("%(partner)s asks to be linked again") % {"partner": partner.name},
        text=text % {"partner": partner.name},
        link=page("agree_to_partner", token=token),
        link_text=_("Look at it and decide"),
        not_you=_("Ignore this mail. Nothing happens without your answer."),
    )


def invited(partner: Partner, inviter: str, token: str) -> Letter:
    """To the people of a partner; `inviter` is one of them by name, or our house."""
    return Letter(
        subject=_("Invitation to the console of %(partner)s") % {"partner": partner.name},
        text=_("%(inviter)s invites you to the partner console of %(partner)s. The link is good for 7 days.")
        % {"inviter": inviter, "partner": partner.name},
        link=page("console_invitation", token=token),
        link_text=_("See the invitation"),
        not_you=ignore_it(),
    )


def webhook_disabled(webhook: Webhook, reason: str) -> Letter:
    """`reason`: `gone` or `failing`, as `deliveries.py` found it."""
    why = {
        "gone": _("%(url)s answered that it is gone (410), so it was switched off."),
        "failing": _("Nothing could be delivered to %(url)s for three days, so it was switched off."),
    }
    mend = _("Mend it, switch it on by PATCH, then replay what it missed.")
    return Letter(
        subject=_("A webhook was switched off"),
        text=f"{why[reason] % {'url': webhook.url}} {mend}",
        link=f"{settings.BASE_URL}/docs",
        link_text=_("How webhooks work"),
        not_you=_("Write to %(support)s.") % {"support": settings.SUPPORT_EMAIL},
    )
