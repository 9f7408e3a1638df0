"""Who may give whom which part in the admin: nobody more than they have themselves."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from accounts.models import User

GRANT = "accounts.grant_staff"


def may_grant(person: User) -> bool:
    return person.is_superuser or person.has_perm(GRANT)


def may_change(person: User, other: User) -> bool:
    """Whether `person`, who may change people, may change `other`.

    Who writes somebody's address gets their password by mail: nobody changes staff who may do
    more than they, and only who grants parts changes staff at all.
    """
    if person.is_superuser:
        return True
    if other.is_superuser:
        return False
    if not (other.is_staff or other.groups.exists()):
        return True
    return may_grant(person) and held(other) <= held(person)


def grantable_groups(person: User) -> QuerySet[Group]:
    groups = Group.objects.order_by("name")
    if person.is_superuser:
        return groups
    return groups.exclude(permissions__in=Permission.objects.exclude(pk__in=held(person)))


def held(person: User) -> set[int]:
    """Keys of the permissions that `person` has, also one who is switched off: on again, they are back."""
    rows = Permission.objects.filter(Q(user=person) | Q(group__user=person))
    return set(rows.values_list("pk", flat=True))
