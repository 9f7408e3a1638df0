"""What is held of a person, table by table, and what becomes of it when the person is erased.

A test compares it with the models: a new one that points to people has to be named here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from auditlog.models import LogEntry as ClientChange
from django.contrib.admin.models import LogEntry as StaffAction
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from accounts.models import Invitation, Membership, Organization, SecurityEvent, User
from oauth_provider.models import (
    Application,
    ClientSession,
    Code,
    Consent,
    DeviceGrant,
    IDToken,
    OpenIdGrant,
    PendingAuthorization,
    Registration,
    TokenFamily,
)
from partnership import events, operation_rows
from partnership.models import Connection, PartnerInvitation, PartnerMember, Project
from usage.models import Alert


class Fate(StrEnum):
    DELETED = gettext_noop("deleted")
    UNNAMED = gettext_noop("kept without the name")
    KEPT = gettext_noop("kept")  # it names nobody: numbers and ids that bills and audits are made of


@dataclass(frozen=True, slots=True)
class Part:
    """`fields` are exported, never one that opens something: a digest, a key, a secret."""

    name: str
    rows: Callable[[User], QuerySet[Any]]
    fields: tuple[str, ...]
    fate: Fate


def of_user(model: Any, field: str = "user") -> Callable[[User], QuerySet[Any]]:
    return lambda user: model._default_manager.filter(**{field: user})


def projects_of(user: User) -> QuerySet[Any]:
    return Project.objects.filter(Q(user=user) | Q(organization__personal_of=user))


ISSUED = ("application__name", "application__client_id", "scope", "created_at")

PARTS = (
    Part(
        "person",
        lambda user: User.objects.filter(pk=user.pk),
        ("id", "email", "name", "avatar_url", "is_active", "is_staff", "last_login", "created_at"),
        Fate.UNNAMED,
    ),
    Part("addresses", of_user(EmailAddress), ("email", "verified", "primary"), Fate.DELETED),
    Part(
        "accounts_elsewhere",
        of_user(SocialAccount),
        ("provider", "uid", "extra_data", "date_joined", "last_login"),
        Fate.DELETED,
    ),
    Part("second_steps", of_user(Authenticator), ("type", "created_at", "last_used_at"), Fate.DELETED),
    Part("sessions", of_user(UserSession), ("created_at", "last_seen_at", "ip", "user_agent"), Fate.DELETED),
    Part("security_events", of_user(SecurityEvent), ("kind", "address", "browser", "created_at"), Fate.DELETED),
    Part(
        "memberships",
        of_user(Membership),
        ("organization_id", "organization__name", "role", "created_at"),
        Fate.DELETED,
    ),
    Part(
        "personal_organization",
        of_user(Organization, "personal_of"),
        ("id", "name", "slug", "description", "plan", "created_at"),
        Fate.UNNAMED,
    ),
    Part(
        "invitations",
        lambda user: Invitation.objects.filter(Q(email__iexact=user.email) | Q(invited_by=user)),
        ("organization__name", "email", "role", "created_at", "expires_at", "accepted_at"),
        Fate.DELETED,
    ),
    Part("consents", of_user(Consent), (*ISSUED, "is_remembered", "updated_at"), Fate.DELETED),
    Part("refresh_tokens", of_user(TokenFamily), (*ISSUED, "last_used_at", "expires_at", "ended_at"), Fate.DELETED),
    Part("codes", of_user(Code), (*ISSUED, "expires_at", "used_at"), Fate.DELETED),
    Part("device_logins", of_user(DeviceGrant), (*ISSUED, "address", "approved_at"), Fate.DELETED),
    Part(
        "requests_under_way",
        of_user(PendingAuthorization),
        ("application__name", "created_at", "answered_at"),
        Fate.DELETED,
    ),
    Part("id_tokens", of_user(IDToken), ("application__name", "scope", "created"), Fate.DELETED),
    Part("sign_ins_for_clients", of_user(OpenIdGrant), ("methods", "authenticated_at", "expires_at"), Fate.DELETED),
    # The worker tells the clients by them that the person's sessions have ended, and removes them after a day.
    Part("sessions_at_clients", of_user(ClientSession), ("application__name", "created_at", "ended_at"), Fate.KEPT),
    Part(
        "clients",
        of_user(Application),
        ("name", "client_id", "created"),
        Fate.UNNAMED,
    ),
    Part(
        "registrations",
        lambda user: Registration.objects.filter(Q(asked_by=user) | Q(decided_by=user)),
        ("application__name", "state", "asked_from", "asked_at", "decided_at", "reason"),
        Fate.UNNAMED,
    ),
    Part("partner_consoles", of_user(PartnerMember), ("partner__name", "role", "created_at"), Fate.DELETED),
    Part(
        "invitations_to_consoles",
        lambda user: PartnerInvitation.objects.filter(Q(email__iexact=user.email) | Q(invited_by=user)),
        ("partner__name", "email", "role", "created_at", "expires_at", "accepted_at"),
        Fate.DELETED,
    ),
    Part("partners", of_user(Connection), ("partner__name", "created_at", "linked_at", "cut_at"), Fate.KEPT),
    Part(
        "projects",
        projects_of,
        ("id", "name", "mode", "environment", "partner__name", "region_id", "status", "created_at", "deleted_at"),
        Fate.KEPT,
    ),
    Part(
        "events",
        lambda user: events.by_person(user.pk),
        ("type", "occurred_at", "actor_name", "project_id", "data"),
        Fate.UNNAMED,
    ),
    Part(
        "operations",
        lambda user: operation_rows.by_person(user.pk),
        ("type", "status", "created_at", "project_id"),
        Fate.UNNAMED,
    ),
    Part("alerts", of_user(Alert, "staff"), ("metric", "threshold", "period", "created_at"), Fate.KEPT),
    Part("staff_actions", of_user(StaffAction), ("action_time", "action_flag", "change_message"), Fate.KEPT),
    Part(
        "changes_of_clients",
        of_user(ClientChange, "actor"),
        ("timestamp", "action", "object_repr", "remote_addr"),
        Fate.UNNAMED,
    ),
)


def export(user: User) -> dict[str, list[dict[str, Any]]]:
    """Every row that is held of `user`, by part; parts without one are there, empty."""
    return {part.name: list(part.rows(user).order_by("pk").values(*part.fields)) for part in PARTS}


def as_json(user: User) -> str:
    """`export` as its reader gets it."""
    return json.dumps(export(user), indent=2, ensure_ascii=False, cls=DjangoJSONEncoder)


def counts(user: User) -> list[tuple[Part, int]]:
    return [(part, part.rows(user).count()) for part in PARTS]
