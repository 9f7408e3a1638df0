"""The door of `/admin`: staff come in as everybody does, and with a second step.

Source: pages.md, "Admin".
"""

from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User

SECOND_STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class StaffDoor(admin.AdminSite):
    """An admin site without a sign-in of its own: limits, second step and passkeys hold for staff too."""

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not lacks_second_step(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Where somebody whom `has_permission` turned away has to go."""
        user = request.user
        if isinstance(user, User) and not (user.is_active and user.is_staff):
            raise PermissionDenied
        if isinstance(user, User) and lacks_second_step(user):
            messages.warning(request, _("Staff need a passkey or an authenticator app. Add one first."))
            return redirect("account_security")
        target = request.GET.get("next", reverse("admin:index"))
        if isinstance(user, User):
            return redirect("admin:index")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': target})}")


def lacks_second_step(user: object) -> bool:
    """Whether `user` needs a second step for staff's work and has none (not in the embedded profile)."""
    if not settings.STAFF_NEED_MFA or not isinstance(user, User):
        return False
    return not Authenticator.objects.filter(user=user, type__in=SECOND_STEPS).exists()
