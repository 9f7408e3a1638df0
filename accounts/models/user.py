"""A person who can sign in. `credentials_epoch` is written here alone."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.prepared import Parameter, Prepared


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person with `email` (kept in lower case) and, without `password`, none that works."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get(self, *args: Any, **kwargs: Any) -> User:
        """By its key alone, as each page asks who looks at it: compiled once (docs/decisions/0120)."""
        # A relation's manager is of a class made from this one, and looks among its own.
        if type(self) is not UserManager or args or kwargs.keys() != {"pk"}:
            return super().get(*args, **kwargs)
        if (found := BY_KEY.first(key=self.model._meta.pk.to_python(kwargs["pk"]))) is None:
            raise self.model.DoesNotExist
        return found

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


# The toolkit's models point here through managers that have no types.
class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=100)
    avatar_url = models.URLField(_("picture"), blank=True, default="")
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    # Codes and token families carry the epoch they were granted in; a higher one here ends
    # them all. A counter and not a time: a time can be taken before, and committed after,
    # a token that it should have ended (docs/decisions/0003).
    credentials_epoch = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    _was_active = False
    _has_new_password = False

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = [
            ("grant_staff", _("Can give people a part in the admin")),
            ("export_person", _("Can export what is held of a person")),
            ("erase_person", _("Can erase a person")),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message=_("A person with this e-mail address exists."),
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> User:
        user = super().from_db(*args, **kwargs)
        user._was_active = user.__dict__.get("is_active", True)
        return user

    def refresh_from_db(self, using: str | None = None, fields: Any = None, from_queryset: Any = None) -> None:
        super().refresh_from_db(using, fields, from_queryset)
        if fields is None or "is_active" in fields:
            self._was_active = self.is_active

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password ends every code and token (oauth.md, "token"), and so does switching the person
        off: when they are switched on again, nothing that was out there comes back to life.

        Django's re-hash at sign-in sets a password too, but saves only that: no token ends because a
        hasher got more rounds.
        """
        columns = kwargs.get("update_fields")
        is_changed = self._has_new_password and (columns is None or "credentials_epoch" in columns)
        is_over = not self._state.adding and (is_changed or (self._was_active and not self.is_active))
        if is_over:
            # In the row and not from what was read: an epoch never goes back to one that tokens have.
            self.credentials_epoch = F("credentials_epoch") + 1
            if columns is not None:
                kwargs["update_fields"] = {*columns, "credentials_epoch"}
        self._was_active, self._has_new_password = self.is_active, False
        super().save(*args, **kwargs)
        if is_over:
            self.refresh_from_db(fields=["credentials_epoch"])

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self._has_new_password = True

    def get_session_auth_hash(self) -> str:
        """What ends every session with another password. Without the secret key, which signs the session
        that it stands in: a new key would move the session to another id (docs/decisions/0187).
        """
        return hashlib.sha256(f"session of {self.password}".encode()).hexdigest()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """None: the one above has no key that could be an older one."""
        return iter(())

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


BY_KEY = Prepared(lambda: User.objects.filter(pk=Parameter("key", models.UUIDField())))
