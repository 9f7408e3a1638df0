"""A partner's own people: invited, joined, given another role, removed. The only writer of them.

Staff invite the first; from then on the partner's owners do it themselves. Among themselves they
keep an owner: the partner's row is locked while members go, so that two owners can't leave at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.digests import digest
from accounts.errors import BadRequest, PageError
from accounts.models import User
from accounts.organizations import INVITATION_DAYS, InvitationRefused
from oauth_provider.opaque import new_code
from partnership import events
from partnership.events import Actor
from partnership.models import Partner, PartnerInvitation, PartnerMember, PartnerRole
from partnership.models.partner import SCOPES

READS = ("projects:read", "usage:read")
# A person may what a secret with these scopes may, and no more; the last two no secret has.
SCOPES_OF: dict[str, frozenset[str]] = {
    PartnerRole.VIEWER: frozenset(READS),
    PartnerRole.DEVELOPER: frozenset(SCOPES),
    PartnerRole.OWNER: frozenset({*SCOPES, "secrets:write", "members:write"}),
}
RANKS = list(SCOPES_OF)


class NotAnOwnerOfThePartner(PageError):
    status, code = 403, "forbidden"

    def __init__(self) -> None:
        super().__init__(_("Only an owner of the partner may do this."))


class LastOwnerOfThePartner(PageError):
    status, code = 409, "last_owner"

    def __init__(self) -> None:
        super().__init__(_("A partner keeps at least one owner. Make somebody else one first."))


class MemberNotFound(PageError):
    """404: gone, never there, or another partner's."""

    status, code = 404, "not_found"

    def __init__(self) -> None:
        super().__init__(_("This member or invitation is not there, or not any more."))


@dataclass(frozen=True, slots=True)
class Hand:
    """Who does it: an owner of the partner, or staff, who may leave it without one."""

    user: User
    actor: Actor
    is_staff: bool = False


def of(user: User) -> QuerySet[PartnerMember]:
    """The memberships of `user`, by the partner's name."""
    return PartnerMember.objects.filter(user=user).select_related("partner").order_by("partner__name", "pk")


def find(user: User, partner_id: str) -> PartnerMember | None:
    """`partner_id` as it stands in an address: anything but a NUL, which ends earlier (config/errors.py)."""
    return PartnerMember.objects.select_related("partner", "user").filter(user=user, partner=partner_id).first()


def listed(partner: Partner) -> list[PartnerMember]:
    """All members, owners first, then by name."""
    rows = partner.members.select_related("user").order_by("user__name", "pk")
    return sorted(rows, key=lambda member: -RANKS.index(member.role))


@transaction.atomic
def invite(partner: Partner, email: str, role: str, *, by: Hand, now: datetime) -> str:
    """The token of a new invitation, which replaces an open one to the same address.

    Good for 7 days and for the one who has shown that `email` is theirs. Raises NotAnOwnerOfThePartner.
    """
    check_owner(lock(partner), by)
    token = new_code()
    partner.invitations.filter(email__iexact=email, accepted_at=None).delete()
    partner.invitations.create(
        email=email.strip().lower(),
        role=role,
        invited_by=by.user,
        is_by_staff=by.is_staff,
        digest=digest(token),
        created_at=now,
        expires_at=now + timedelta(days=INVITATION_DAYS),
    )
    record("member.invited", partner, by.actor, now, role=role)
    return token


def get_invitation(token: str, user: User, now: datetime) -> PartnerInvitation:
    """The open invitation of `token` to `user`. Raises InvitationRefused (404), whatever is wrong with it."""
    rows = PartnerInvitation.objects.select_related("partner", "invited_by")
    invitation = rows.filter(digest=digest(token), accepted_at=None, expires_at__gt=now).first()
    if invitation is None:
        raise InvitationRefused("unknown, accepted or expired")
    if invitation.email.lower() != user.email.lower():
        raise InvitationRefused("sent to another address")
    return invitation


@transaction.atomic
def accept(token: str, user: User, *, actor: Actor, now: datetime) -> Partner:
    """`user` joins; who is a member already keeps the higher of both roles. Raises InvitationRefused (404)."""
    PartnerInvitation.objects.select_for_update().filter(digest=digest(token)).first()
    invitation = get_invitation(token, user, now)
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    member, _created = PartnerMember.objects.get_or_create(
        partner=invitation.partner, user=user, defaults={"role": invitation.role, "created_at": now}
    )
    member.role = max(member.role, invitation.role, key=RANKS.index)
    member.save(update_fields=["role"])
    record("member.joined", invitation.partner, actor, now, user_id=str(user.pk), role=member.role)
    return invitation.partner


def withdraw(partner: Partner, invitation_id: int, *, by: Hand) -> None:
    """Takes an open invitation back. Raises NotAnOwnerOfThePartner, MemberNotFound."""
    check_owner(partner, by)
    deleted, _rows = partner.invitations.filter(pk=invitation_id, accepted_at=None).delete()
    if not deleted:
        raise MemberNotFound


@transaction.atomic
def remove(partner: Partner, member_id: int, *, by: Hand, now: datetime) -> None:
    """Ends a membership. Owners and staff remove anybody, everybody removes themselves.

    Raises NotAnOwnerOfThePartner, LastOwnerOfThePartner, MemberNotFound.
    """
    member = get_member(lock(partner), member_id)
    if member.user_id != by.user.pk:
        check_owner(partner, by)
    check_owner_remains(partner, by, without=member)
    member.delete()
    withdraw_all_of(member)
    record("member.removed", partner, by.actor, now, user_id=str(member.user_id))


@transaction.atomic
def change_role(partner: Partner, member_id: int, role: str, *, by: Hand, now: datetime) -> None:
    """Raises NotAnOwnerOfThePartner, LastOwnerOfThePartner, MemberNotFound, BadRequest."""
    check_owner(lock(partner), by)
    member = get_member(partner, member_id)
    if role not in RANKS:
        raise BadRequest
    if role != PartnerRole.OWNER:
        check_owner_remains(partner, by, without=member)
    record("member.role_changed", partner, by.actor, now, user_id=str(member.user_id), role=[member.role, role])
    member.role = role
    member.save(update_fields=["role"])
    withdraw_all_of(member)


def withdraw_all_of(member: PartnerMember) -> None:
    """Who is an owner no longer has nobody come in by an invitation that still lies about."""
    open_ = PartnerInvitation.objects.filter(partner=member.partner_id, invited_by=member.user_id, accepted_at=None)
    open_.filter(is_by_staff=False).delete()


def lock(partner: Partner) -> Partner:
    return Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)


def get_member(partner: Partner, member_id: int) -> PartnerMember:
    member = partner.members.filter(pk=member_id).first()
    if member is None:
        raise MemberNotFound
    return member


def check_owner(partner: Partner, by: Hand) -> None:
    if not by.is_staff and not partner.members.filter(user=by.user, role=PartnerRole.OWNER).exists():
        raise NotAnOwnerOfThePartner


def check_owner_remains(partner: Partner, by: Hand, *, without: PartnerMember) -> None:
    if not by.is_staff and not partner.members.filter(role=PartnerRole.OWNER).exclude(pk=without.pk).exists():
        raise LastOwnerOfThePartner


def record(type_: str, partner: Partner, actor: Actor, now: datetime, **member: object) -> None:
    """In the partner's audit log, by id: an address would stay there after the person was erased."""
    events.record(type_, partner, "live", actor=actor, now=now, data={"member": member})
