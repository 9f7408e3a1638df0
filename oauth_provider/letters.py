"""Letters about applications: what each says, and the one that a worker sends."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import mail
from accounts.mail import Letter
from accounts.models import User
from oauth_provider import resources, scopes
from oauth_provider.models import Application, TokenFamily

BATCH = 100


def tell_of_consent(
    user: User, application: Application, scope: str, *, before: str, request: HttpRequest, now: datetime
) -> None:
    """Mails `user` that they allowed `scope`, unless `before`, what they had allowed, covers it."""
    if scopes.includes(before, scope):
        return
    letter = allowed(application, scope, is_first=not before)
    mail.post(user.email, letter, request, now)


def allowed(application: Application, scope: str, *, is_first: bool) -> Letter:
    """What the person just allowed, and where to take it back."""
    names, known = {"app": application.name}, resources.all_scopes()
    return Letter(
        subject=_("You allowed %(app)s") % names if is_first else _("You allowed %(app)s more") % names,
        text=_("%(app)s can now:") % names,
        lines=[str(known[name].text) for name in scopes.parse(scope) if name in known],
        link=mail.page("connected_apps"),
        link_text=_("Revoke any time under Connected apps"),
        not_you=mail.change_your_password(),
    )


def reused(application: Application) -> Letter:
    """A sign of theft: somebody else may have had the application's refresh token."""
    return Letter(
        subject=_("%(app)s was signed out") % {"app": application.name},
        text=_(
            "A refresh token that had been replaced already was used again. Somebody may have copied it, "
            "so all access by it has ended. Sign in from the application again."
        ),
        link=mail.page("connected_apps"),
        link_text=_("See what has access"),
        not_you=_("If you did not move or restore the application, look for strangers on that device."),
    )


def tell_of_reuse(now: datetime) -> dict[str, int]:
    """Mails the people whose token families ended by reuse; at most `BATCH`, each once."""
    rows = TokenFamily.objects.filter(end_reason=TokenFamily.EndReason.REUSE, person_told_at=None)
    told = 0
    for family in rows.select_related("application", "user")[:BATCH]:
        # Taken first: of two workers one tells.
        with transaction.atomic():
            told += (taken := rows.filter(pk=family.pk).update(person_told_at=now))
            if taken:
                mail.post(family.user.email, reused(family.application), None, now)
    return {"letters": told}
