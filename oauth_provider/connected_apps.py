"""The applications that a person allowed, and taking that back."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from oauth_provider import consent, resources, scopes
from oauth_provider.models import Application, Consent, TokenFamily
from oauth_provider.scopes import Line


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    application: Application
    permissions: list[Line]
    first_allowed_at: datetime
    last_used_at: datetime | None


def list_for(user: User) -> list[ConnectedApp]:
    """One entry per application that `user` allowed, by name."""
    used = dict(
        TokenFamily.objects.filter(user=user)
        .values_list("application_id")
        .annotate(last=Max("last_used_at"))
        .values_list("application_id", "last")
    )
    allowed = Consent.objects.filter(user=user).select_related("application").order_by("application__name")
    known = resources.all_scopes()
    return [
        ConnectedApp(
            application=row.application,
            permissions=[
                scopes.line(known[name], is_trusted=row.application.trusted_with_keys)
                for name in scopes.parse(row.scope)
                if name in known
            ],
            first_allowed_at=row.created_at,
            last_used_at=used.get(row.application_id),
        )
        for row in allowed
    ]


def revoke(user: User, application_id: int, now: datetime) -> str | None:
    """Ends the access of one application; its name, or None if it had none."""
    # By `__pk`, which finds nothing under a number that no column holds; by the relation the database refuses it.
    row = Consent.objects.filter(user=user, application__pk=application_id).select_related("application").first()
    if row is None:
        return None
    consent.revoke(row.application, user, now)
    return row.application.name


@transaction.atomic
def revoke_all(user: User, now: datetime) -> None:
    for row in Consent.objects.filter(user=user).select_related("application").order_by("application_id"):
        consent.revoke(row.application, user, now)
