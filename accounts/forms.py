"""The forms of signing in, with our words, and each guess counted."""

from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

from allauth.account import forms as account
from allauth.core import context
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import mail
from accounts.guessing import count_try
from accounts.letters import LETTERS
from accounts.models import Role, User

LABELS = {
    "login": _("E-mail address"),
    "email": _("E-mail address"),
    "password": _("Password"),
    "password1": _("Password"),
    "oldpassword": _("Current password"),
    "code": _("Code"),
}


class Plain(forms.BaseForm):
    """Labels say what a field is for; a placeholder would say it twice and then vanish."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = LABELS.get(name, field.label)
            if name in {"password", "oldpassword"}:
                field.help_text = ""


class OneLine(forms.CharField):
    """A name, its white space one space each: in a mail's subject a line break is a forged header,
    in its text it is a stranger's own paragraph.
    """

    def to_python(self, value: Any) -> str:
        return " ".join(str(value or "").split())


class LoginForm(Plain, account.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["login"].initial = self.request.GET.get("login_hint", "")[:254]


class SignupForm(Plain, account.SignupForm):  # type: ignore[misc]
    field_order = ["name", "email", "password1"]
    account_already_exists: bool

    name = OneLine(label=_("Name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    def clean(self) -> dict[str, Any]:
        count_try(context.request, "sign-up", self.cleaned_data.get("email", ""))
        super().clean()
        return self.cleaned_data

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """A known address gets the same page, after as much work (attack 40); so does one that
        became known while we looked.
        """
        if self.account_already_exists:
            User().set_password(self.cleaned_data["password1"])
        try:
            with transaction.atomic():
                saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
                return saved
        except IntegrityError:
            self.account_already_exists = True
            again: tuple[User | None, HttpResponse | None] = super().try_save(request)
            return again


class ResetPasswordForm(Plain, account.ResetPasswordForm):  # type: ignore[misc]
    def clean_email(self) -> str:
        count_try(context.request, "reset", self.cleaned_data["email"])
        email: str = super().clean_email()
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """For an unknown address a letter to nobody is written, so that it takes as long (attack 112)."""
        email: str = super().save(request, **kwargs)
        if not self.users:
            link = mail.page("account_reset_password_from_key", uidb36=uuid4().hex, key=token_urlsafe(29))
            mail.post(
                "", LETTERS["account/email/password_reset_key"]({"password_reset_url": link}), request, timezone.now()
            )
        return email


class ResetPasswordKeyForm(Plain, account.ResetPasswordKeyForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        self.fields["password1"].label = _("New password")


class ChangePasswordForm(Plain, account.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        self.fields["password1"].label = _("New password")


class AddEmailForm(Plain, account.AddEmailForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New e-mail address")


class ConfirmEmailVerificationCodeForm(Plain, account.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(Plain, account.ReauthenticateForm):  # type: ignore[misc]
    pass


class CountedCode(Plain):
    """A code of six digits is guessed in a million tries: each counts, as a password does."""

    user: User

    def clean_code(self) -> str:
        take_back = count_try(context.request, "code", str(self.user.pk))
        code: str = super().clean_code()  # type: ignore[misc]
        take_back()
        return code


class AuthenticateForm(CountedCode, mfa.AuthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("6 digits of your authenticator app, or a recovery code.")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class ReauthenticateByCodeForm(CountedCode, mfa.ReauthenticateForm):  # type: ignore[misc]
    pass


class ActivateTOTPForm(CountedCode, totp.ActivateTOTPForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AddPasskeyForm(Plain, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = _("Sign in with it alone, without a password")
        self.fields["passwordless"].help_text = _("The device then asks for its PIN, finger or face.")
        self.fields["passwordless"].initial = True


class NameForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["name"]
        field_classes = {"name": OneLine}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}


class OrganizationForm(forms.Form):
    name = OneLine(label=_("Name"), min_length=2, max_length=100)


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MEMBER)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)
