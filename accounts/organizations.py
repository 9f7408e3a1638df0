"""Who belongs to an organization: invitations, members, owners. The only writer of both.

A personal organization has its one person and nobody else. Every other one keeps an owner:
the organization's row is locked while members go, so that two owners can't leave at once.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.digests import digest
from accounts.errors import PageError
from accounts.models import Invitation, Membership, Organization, Role, User

INVITATION_DAYS = 7


class NotAllowed(PageError):
    """403: only an owner may do this."""

    status, code = 403, "forbidden"

    def __init__(self) -> None:
        super().__init__(_("Only an owner of the organization may do this."))


class LastOwner(PageError):
    status, code = 409, "last_owner"

    def __init__(self) -> None:
        super().__init__(_("An organization keeps at least one owner. Make somebody else one first."))


class PersonalOrganization(PageError):
    status, code = 409, "personal_organization"

    def __init__(self) -> None:
        super().__init__(_("A personal organization has no other members."))


class InvitationRefused(PageError):
    """404 for every reason: expired, used, withdrawn, or for another address."""

    status, code = 404, "invitation_not_found"

    def __init__(self, detail: str) -> None:
        message = _(
            "This invitation is not valid for you. Sign in with the address it was sent to, or ask for a new one."
        )
        super().__init__(message, detail=detail)


def of(user: User) -> QuerySet[Membership]:
    """The memberships of `user`, the personal organization first, then by name."""
    memberships = Membership.objects.filter(user=user).select_related("organization")
    return memberships.order_by(F("organization__personal_of").asc(nulls_last=True), "organization__name")


def find_membership(user: User, organization_id: UUID) -> Membership | None:
    return Membership.objects.select_related("organization").filter(user=user, organization=organization_id).first()


@transaction.atomic
def create(name: str, *, owner: User) -> Organization:
    """A team of `owner`."""
    slug = f"{slugify(name)[:100] or 'team'}-{secrets.token_hex(6)}"
    organization = Organization.objects.create(name=" ".join(name.split()), type=Organization.Type.TEAM, slug=slug)
    Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    return organization


@transaction.atomic
def invite(organization: Organization, email: str, role: str, *, by: User, now: datetime) -> str:
    """The token of a new invitation, which replaces an open one to the same address.

    Good for 7 days and for one person: the one who has shown that `email` is theirs. Only the
    token's digest is kept. Raises NotAllowed, PersonalOrganization.
    """
    Organization.objects.select_for_update().get(pk=organization.pk)
    check_owner(organization, by)
    if organization.personal_of_id is not None:
        raise PersonalOrganization
    token = secrets.token_urlsafe(32)
    organization.invitations.filter(email__iexact=email, accepted_at=None).delete()
    organization.invitations.create(
        email=email.strip().lower(),
        role=role,
        invited_by=by,
        digest=digest(token),
        expires_at=now + timedelta(days=INVITATION_DAYS),
    )
    return token


def get_invitation(token: str, user: User, now: datetime) -> Invitation:
    """The open invitation of `token` to `user`. Raises InvitationRefused."""
    invitation = Invitation.objects.select_related("organization", "invited_by").filter(digest=digest(token)).first()
    if invitation is None or invitation.accepted_at is not None or invitation.expires_at <= now:
        raise InvitationRefused("unknown, accepted or expired")
    if invitation.email.lower() != user.email.lower():
        raise InvitationRefused("sent to another address")
    return invitation


@transaction.atomic
def accept(token: str, user: User, now: datetime) -> Organization:
    """`user` joins; who is a member already keeps the higher of both roles. Raises InvitationRefused."""
    Invitation.objects.select_for_update().filter(digest=digest(token)).first()
    invitation = get_invitation(token, user, now)
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    membership, _created = Membership.objects.get_or_create(
        organization=invitation.organization, user=user, defaults={"role": invitation.role}
    )
    if invitation.role == Role.OWNER and membership.role != Role.OWNER:
        membership.role = Role.OWNER
        membership.save(update_fields=["role"])
    return invitation.organization


def withdraw(organization: Organization, invitation_id: int, *, by: User) -> None:
    """Takes an open invitation back; one that is gone is fine. Raises NotAllowed."""
    check_owner(organization, by)
    organization.invitations.filter(pk=invitation_id, accepted_at=None).delete()


@transaction.atomic
def remove(organization: Organization, membership_id: int, *, by: User) -> None:
    """Ends a membership; twice is fine. An owner removes anybody, everybody removes themselves.

    Raises NotAllowed, LastOwner.
    """
    Organization.objects.select_for_update().get(pk=organization.pk)
    membership = organization.memberships.filter(pk=membership_id).first()
    if membership is None:
        return
    if membership.user_id != by.pk:
        check_owner(organization, by)
    check_owner_remains(organization, without=membership)
    membership.delete()


@transaction.atomic
def change_role(organization: Organization, membership_id: int, role: str, *, by: User) -> None:
    """Raises NotAllowed, LastOwner."""
    Organization.objects.select_for_update().get(pk=organization.pk)
    check_owner(organization, by)
    membership = organization.memberships.filter(pk=membership_id).first()
    if membership is None:
        return
    if role != Role.OWNER:
        check_owner_remains(organization, without=membership)
    membership.role = role
    membership.save(update_fields=["role"])


def check_owner(organization: Organization, user: User) -> None:
    if not organization.memberships.filter(user=user, role=Role.OWNER).exists():
        raise NotAllowed


def check_owner_remains(organization: Organization, *, without: Membership) -> None:
    if not organization.memberships.filter(role=Role.OWNER).exclude(pk=without.pk).exists():
        raise LastOwner
