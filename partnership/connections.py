"""People and the co-branded partners they are linked to.

A link is agreed to by mail and cut by the person. After a cut the partner keeps the id that it
was given and nothing else, until the person agrees again.
Source: partnership.md, "Co-branded".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from accounts import mail
from accounts.digests import digest
from accounts.models import Organization, User
from accounts.people import create_person, give_personal_organization
from oauth_provider.opaque import new_code
from partnership import events, letters
from partnership.errors import UserNotFound
from partnership.events import Actor
from partnership.models import Connection, Partner, Project

AGREEMENT_DAYS = 14


@dataclass(frozen=True, slots=True)
class LinkedPartner:
    """One card of /account/apps."""

    id: str
    name: str
    linked_at: datetime
    projects: list[str]


def connect(partner: Partner, *, name: str, email: str, environment: str, actor: Actor, now: datetime) -> User:
    """The person of that address, made if need be, and linked unless he cut the link.

    The same person for every spelling of the address's case, also under parallel calls. The
    person is told by mail of a new link; after a cut he is asked.
    """
    with transaction.atomic():
        user, is_known = find_or_create_person(email=email, name=name)
        connection, is_new = Connection.objects.select_for_update().get_or_create(
            partner=partner, user=user, defaults={"created_at": now, "linked_at": now}
        )
        if is_new and is_known:
            write_for_nobody(name)
        if is_new:
            data: dict[str, object] = {"user_id": str(user.pk)}
            events.record("account.connected", partner, environment, actor=actor, now=now, data=data)
            mail.post(user.email, letters.linked(partner), None, now)
        elif connection.cut_at is not None and (token := ask_again(connection, now)):
            mail.post(user.email, letters.agree_again(partner, token), None, now)
    return user


def write_for_nobody(name: str) -> None:
    """What a new person would take, undone: else the time of the answer tells that this one is known."""
    with transaction.atomic():
        create_person(f"{uuid4().hex}@nobody.invalid", name)
        transaction.set_rollback(True)


def ask_again(connection: Connection, now: datetime) -> str:
    """A token for the mail; empty while the last one is young: a partner can't flood a person."""
    expires_at = connection.agreement_expires_at
    if expires_at and expires_at > now + timedelta(days=AGREEMENT_DAYS - 1):
        return ""
    token = new_code()
    connection.agreement_digest = digest(token)
    connection.agreement_expires_at = now + timedelta(days=AGREEMENT_DAYS)
    connection.save(update_fields=["agreement_digest", "agreement_expires_at"])
    return token


def find_asked(token: str, now: datetime) -> Connection | None:
    """The cut link which `token`, out of the mail, would restore."""
    asked = Connection.objects.filter(agreement_digest=digest(token), agreement_expires_at__gt=now)
    return asked.select_related("partner", "user").first()


def agree(connection: Connection, *, actor: Actor, now: datetime) -> None:
    with transaction.atomic():
        changed = Connection.objects.filter(pk=connection.pk, cut_at__isnull=False).update(
            cut_at=None, linked_at=now, agreement_digest=None, agreement_expires_at=None
        )
        if changed:
            record(connection, "account.connected", actor, now)


def cut(connection: Connection, *, actor: Actor, now: datetime) -> None:
    """Ends the partner's access at once; what it made stays the person's."""
    with transaction.atomic():
        if Connection.objects.filter(pk=connection.pk, cut_at__isnull=True).update(cut_at=now):
            record(connection, "account.disconnected", actor, now)


def record(connection: Connection, type_: str, actor: Actor, now: datetime) -> None:
    data: dict[str, object] = {"user_id": str(connection.user_id)}
    events.record(type_, connection.partner, "live", actor=actor, now=now, data=data)


def get_linked(partner: Partner, user_id: UUID) -> User:
    """Raises UserNotFound (404) for everybody who is not linked now, known or not."""
    linked = Connection.objects.filter(partner=partner, user_id=user_id, cut_at__isnull=True, user__is_active=True)
    connection = linked.select_related("user").first()
    if connection is None:
        raise UserNotFound
    return connection.user


def names_for(partner: Partner, projects: Iterable[Project]) -> dict[UUID, str]:
    """What `partner` may read as the name of each of its projects: once the person has cut the
    link, the one that it gave itself, and not what the person has called it since.
    """
    listed = list(projects)
    cut = partner.connections.filter(cut_at__isnull=False, user__in={each.user_id for each in listed if each.user_id})
    people = set(cut.values_list("user", flat=True))
    return {each.pk: each.sync_name if each.user_id in people else each.name for each in listed}


def home_of(user: User) -> Organization:
    """Where a co-branded project is put: the person's own organization."""
    return Organization.objects.filter(personal_of=user).first() or give_personal_organization(user)


def list_for(user: User) -> list[LinkedPartner]:
    """The partners that `user` is linked with, by name, and what each of them made."""
    rows = Connection.objects.filter(user=user, cut_at__isnull=True).select_related("partner")
    return [
        LinkedPartner(
            id=row.partner_id,
            name=row.partner.name,
            linked_at=row.linked_at,
            projects=[
                *user.partner_projects.filter(partner=row.partner_id, deleted_at__isnull=True)
                .order_by("name")
                .values_list("name", flat=True)
            ],
        )
        for row in rows.order_by("partner__name")
    ]


def find_or_create_person(*, email: str, name: str) -> tuple[User, bool]:
    """The person of that address in any case of letters, and whether it was there before. A new
    one has no password and chooses one by the reset page, which proves the address.
    """
    known = User.objects.filter(email__iexact=email.strip()).first()
    if known is not None:
        return known, True
    try:
        return create_person(email, name), False
    except IntegrityError as clash:
        if "user_email_unique" not in str(clash):
            raise
        return User.objects.get(email__iexact=email.strip()), True
