"""Where django-allauth asks us: who is who, what is sent, what is counted.

Effects on people that allauth brings about pass through here by name, so that nothing has to
listen to its signals.
"""

import time
from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from accounts import mail, people, security_events
from accounts.client_address import client_address
from accounts.encryption import decrypt, encrypt
from accounts.errors import PageError
from accounts.guessing import count_try
from accounts.letters import EVENTS, LETTERS
from accounts.models import Organization, SecurityEvent, User

BEGUN_BY = "signing_in_epoch"


class SignInAgain(PageError):
    status, code = 403, "sign_in_again"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail address or the password is wrong."),
        "incorrect_password": _("The password is wrong."),
        "too_many_login_attempts": _("Too many tries. Try again in a minute."),
    }

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """The person and its personal organization, in the transaction of the sign-up form."""
        user.name = form.cleaned_data.get("name", "")
        super().save_user(request, user, form, commit=False)
        if commit:
            people.save_person(user)
        return user

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person, or None: unknown, wrong and switched off are one answer, and each is a
        counted try (attack 40). Raises ApiError 429 when no try is left.
        """
        take_back = count_try(request, "sign-in", credentials.get("email", ""))
        user = authenticate(request, **credentials)
        if user is None:
            return None
        take_back()
        return user if isinstance(user, User) else None

    def set_password(self, user: User, password: str) -> None:
        """Saves it alone: the rest of the row is as old as this request, and would undo a switch-off."""
        user.set_password(password)
        user.save(update_fields=["password", "credentials_epoch"])

    def pre_login(self, request: HttpRequest, user: User, **hooks: Any) -> HttpResponse | None:
        """Notes whose sign-in begins: steps may follow, for which the person has a quarter of an hour."""
        request.session[BEGUN_BY] = user.credentials_epoch
        response: HttpResponse | None = super().pre_login(request, user, **hooks)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """A sign-in that began before a new password, or a switch-off, ends by it as a session does."""
        if request.session.pop(BEGUN_BY, user.credentials_epoch) != user.credentials_epoch:
            clear_login(request)
            messages.warning(request, _("Your account has changed meanwhile. Sign in again."))
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **hooks: Any) -> HttpResponse:
        now = timezone.now()
        if security_events.is_new_browser(user, request):
            mail.post(user.email, LETTERS["new_browser"]({}), request, now)
        security_events.record(user, SecurityEvent.Kind.SIGNED_IN, request, now)
        response: HttpResponse = super().post_login(request, user, **hooks)
        return response

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Says what was done; that somebody signed in or out they see for themselves."""
        if kwargs.get("message_template", args[2] if len(args) > 2 else "") in QUIET:
            return
        super().add_message(*args, **kwargs)

    def send_mail(self, template_prefix: str, email: str, context: Mapping[str, object]) -> None:
        mail.post(email, LETTERS[template_prefix](context), current_request(), timezone.now())

    def send_notification_mail(
        self, template_prefix: str, user: User, context: Mapping[str, object] | None = None, email: str | None = None
    ) -> None:
        """Notes the event and tells its person; a changed address is told to both addresses."""
        request = current_request()
        if template_prefix in EVENTS:
            security_events.record(user, EVENTS[template_prefix], request, timezone.now())
        facts = context or {}
        for address in {email or user.email, str(facts.get("to_email", email or user.email))}:
            self.send_mail(template_prefix, address, facts)

    def get_reset_password_from_key_url(self, key: str) -> str:
        user, _dash, token = key.partition("-")
        return mail.page("account_reset_password_from_key", uidb36=user, key=token)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def is_safe_url(self, url: str | None) -> bool:
        """Only paths of this host are gone on to after a sign-in (attack 34)."""
        return bool(url) and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_security")

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        return reverse("account")

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Changes need a sign-in, or a proof repeated, no older than 5 minutes (pages.md, "Account")."""
        request = current_request()
        last = max((record["at"] for record in get_authentication_records(request, request.user)), default=0)
        if time.time() - last <= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
            return False
        if not get_reauthentication_flows(request.user):
            # Somebody who only ever comes from elsewhere has nothing to repeat here.
            raise SignInAgain(str(_("This needs a fresh sign-in. Sign out, and in again.")))
        return True


QUIET = {
    "account/messages/logged_in.txt",
    "account/messages/logged_out.txt",
    "account/messages/email_confirmation_sent.txt",
}


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def get_totp_issuer(self) -> str:
        return settings.BRAND_NAME

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)

    def generate_authenticator_name(self, user: User, type: object) -> str:  # noqa: A002  the library's name
        return security_events.browser_of(current_request())


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def populate_user(self, request: HttpRequest, sociallogin: Any, data: Mapping[str, str]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        full = f"{data.get('first_name') or ''} {data.get('last_name') or ''}"
        user.name = (data.get("name") or full).strip()[:100] or user.email.partition("@")[0][:100]
        return user

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: Any, form: BaseForm | None = None) -> User:
        """With a personal organization, as everybody."""
        user: User = super().save_user(request, sociallogin, form)
        if not Organization.objects.filter(personal_of=user).exists():
            people.give_personal_organization(user)
        return user


def current_request() -> HttpRequest:
    """allauth keeps the request of the running view for its adapters."""
    request: HttpRequest = context.request
    return request
