"""How a person comes to be: by sign-up, admin, seeding or a partner, always with an organization.

Source: platform.md, "A new user gets a personal organization at once".
"""

from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.text import slugify

from accounts.models import Membership, Organization, Role, User

ERASED_NAME = "Erased person"
ERASED_DOMAIN = "erased.invalid"


@transaction.atomic
def create_person(
    email: str,
    name: str,
    password: str | None = None,
    *,
    is_email_verified: bool = False,
    is_staff: bool = False,
    is_superuser: bool = False,
    **known: UUID,
) -> User:
    """A person, its address and its personal organization, all or nothing.

    `id` for one who moves in from elsewhere and keeps it.
    Without `password` the person signs in by a reset, a passkey or an account elsewhere.
    Raises IntegrityError (`user_email_unique`) if somebody has this address in any case.
    """
    user = User.objects.create_user(email, password, name=name, is_staff=is_staff, is_superuser=is_superuser, **known)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=is_email_verified)
    give_personal_organization(user)
    return user


@transaction.atomic
def save_person(user: User) -> None:
    """Saves a new `user` that somebody else has filled in, with its personal organization."""
    user.email = user.email.strip().lower()
    user.name = " ".join(user.name.split())[:100] or user.email.partition("@")[0][:100]
    user.save()
    give_personal_organization(user)


@transaction.atomic
def make_staff(email: str) -> User:
    """The person who proved `email`, now with every right in the admin. Raises User.DoesNotExist.

    Without the proof a stranger's sign-up under the operator's address would do.
    """
    proved = EmailAddress.objects.filter(email__iexact=email.strip(), primary=True, verified=True)
    user = User.objects.select_for_update().get(pk__in=proved.values("user"))
    user.is_staff = user.is_superuser = True
    user.save(update_fields=["is_staff", "is_superuser"])
    return user


@transaction.atomic
def sync_address(user: User) -> None:
    """After staff wrote `user.email`: it is the one address, and unproved if it is new."""
    user.email = user.email.strip().lower()
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True, "verified": False})


def give_personal_organization(user: User) -> Organization:
    organization = Organization.objects.create(
        name=user.name[:100],
        type=Organization.Type.PERSONAL,
        slug=f"{slugify(user.name)[:100] or 'personal'}-{user.pk.hex[:12]}",
        personal_of=user,
    )
    Membership.objects.create(organization=organization, user=user, role=Role.OWNER)
    return organization


def is_erased(user: User) -> bool:
    return user.email.endswith(f"@{ERASED_DOMAIN}")


def erase(user: User) -> None:
    """Leaves an id under which nobody signs in, and the personal organization as what bills were written for."""
    Organization.objects.filter(personal_of=user).update(name=ERASED_NAME, slug=f"erased-{user.pk.hex}", description="")
    user.email = f"erased-{user.pk.hex}@{ERASED_DOMAIN}"
    user.name, user.avatar_url, user.is_active, user.last_login = ERASED_NAME, "", False, None
    user.set_unusable_password()
    user.save(update_fields=["email", "name", "avatar_url", "is_active", "last_login", "password"])
    user.groups.clear()
    user.user_permissions.clear()
