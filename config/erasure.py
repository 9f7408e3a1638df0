"""Erases a person: everything that names them goes, what bills and audits are made of stays under an id.

All of it in one transaction, once and for good. Backups keep what they have until they are gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from allauth.usersessions.models import UserSession
from auditlog.models import LogEntry as ClientChange
from django.contrib.admin.models import LogEntry as StaffAction
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import outgoing_mail, people
from accounts.models import Organization, Role, User
from config.personal_data import PARTS, Fate
from oauth_provider.models import Application, Registration
from partnership import connections, events, operation_rows, recovery
from partnership.events import Actor
from partnership.models import Connection, Operation, Project
from partnership.models.operation import OPEN

BEFORE_THE_AT = r"\w.!#$%&'*+/=?^`{|}~-"  # what an address may have there (RFC 5322 section 3.2.3)


class NotErased(Exception):
    """What has to be done before, a line each."""

    def __init__(self, obstacles: list[str]) -> None:
        super().__init__("\n".join(obstacles))
        self.obstacles = obstacles


def obstacles(user: User) -> list[str]:
    """Why `user` can't be erased now: what others would be left with."""
    return [*of_the_person(user), *of_organizations(user)]


def of_the_person(user: User) -> Iterator[str]:
    if people.is_erased(user):
        yield _("The person is erased already.")
    if user.is_staff or user.is_superuser:
        yield _("The person is staff: take that away first.")


def of_organizations(user: User) -> Iterator[str]:
    for organization in left_without_owner(user):
        others = organization.memberships.exclude(user=user).count()
        if others:
            text = ngettext(
                "%(name)s would have %(count)d member and no owner: make that one an owner.",
                "%(name)s would have %(count)d members and no owner: make one of them an owner.",
                others,
            )
            yield text % {"name": f"{organization.name} ({organization.pk})", "count": others}
        on_its_way_back = Q(pk__in=Operation.objects.filter(OPEN, type=Operation.Type.RECOVER).values("project"))
        for project in organization.projects.filter(Q(deleted_at=None) | on_its_way_back).order_by("created_at"):
            text = _("The project %(name)s would have no owner: delete or transfer it.")
            yield text % {"name": f"{project.name} ({project.pk})"}


def left_without_owner(user: User) -> list[Organization]:
    owned = Organization.objects.filter(memberships__user=user, memberships__role=Role.OWNER).order_by("pk")
    return [row for row in owned if not row.memberships.filter(role=Role.OWNER).exclude(user=user).exists()]


@transaction.atomic
def erase(user_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Raises User.DoesNotExist, NotErased."""
    owned = Organization.objects.filter(memberships__user=user_id).values("pk")
    list(Organization.objects.select_for_update().filter(pk__in=owned).order_by("pk"))
    user = User.objects.select_for_update().get(pk=user_id)
    if found := obstacles(user):
        raise NotErased(found)
    recovery.give_up(Project.objects.filter(organization__in=left_without_owner(user)), now)
    for connection in Connection.objects.filter(user=user):
        connections.cut(connection, actor=actor, now=now)
    Connection.objects.filter(user=user).update(agreement_digest=None, agreement_expires_at=None)
    outgoing_mail.forget(user.email)
    Session.objects.filter(pk__in=UserSession.objects.filter(user=user).values("session_key")).delete()
    for part in PARTS:
        if part.fate == Fate.DELETED:
            part.rows(user).delete()
    forget_names(user)
    people.erase(user)
    events.record("person.erased", None, "live", actor=actor, now=now, data={"user_id": str(user.pk)})


def forget_names(user: User) -> None:
    """In rows that stay: who did something is an id from now on."""
    events.forget_name(user.pk)
    operation_rows.forget_name(user.pk)
    Application.objects.filter(user=user).update(user=None)
    Registration.objects.filter(asked_by=user).update(asked_by=None, asked_from="")
    Registration.objects.filter(decided_by=user).update(decided_by=None)
    ClientChange.objects.filter(actor=user).update(actor_email="", remote_addr=None, remote_port=None)
    shown_as = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)) | Q(
        content_type=ContentType.objects.get_for_model(Organization),
        object_id__in=[str(row.pk) for row in Organization.objects.filter(personal_of=user)],
    )
    StaffAction.objects.filter(shown_as).update(object_repr=people.ERASED_NAME)
    forget_address(user.email)
    # A domain of one's own may be one's name. It answers nobody once the project is deleted.
    Project.objects.filter(organization__personal_of=user).update(customized_domain=None)


def forget_address(email: str) -> None:
    """In what staff did to other things. Whole addresses alone: `lice@example.com` stands in `alice@example.com`."""
    for written in {email, json.dumps(email)[1:-1]}:  # a change's message is JSON
        address = re.compile(rf"(?<![{BEFORE_THE_AT}]){re.escape(written)}(?![\w-]|\.\w)")
        for text in ("object_repr", "change_message"):
            for row in StaffAction.objects.filter(**{f"{text}__contains": written}):
                without = address.sub(people.ERASED_NAME, getattr(row, text))
                StaffAction.objects.filter(pk=row.pk).update(**{text: without})
