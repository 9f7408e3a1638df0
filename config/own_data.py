"""/account/data: a person takes a copy of what is held of them, or deletes the account, both after a recent sign-in.

It stands here because what is held of a person is spread over all apps (docs/decisions/0177).
"""

from django import forms
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import mail
from accounts.mail import Letter
from accounts.models import User
from accounts.views.account import person
from accounts.views.security import recently_signed_in
from config import erasure, personal_data
from partnership.events import Actor


class ConfirmForm(forms.Form):
    """The address of the one who asks, typed in: a click alone deletes nobody."""

    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: object, user: User, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.user = user

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if email.lower() != self.user.email.lower():
            raise forms.ValidationError(_("This is not the address that you sign in with."))
        return email


@never_cache
@login_required
@require_safe
def own_data(request: HttpRequest) -> HttpResponse:
    user = person(request)
    return show(request, user, ConfirmForm(user=user))


@never_cache
@login_required
@recently_signed_in
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """A file with every row that is held of the one who asks, and of nobody else."""
    user = person(request)
    headers = {"Content-Disposition": 'attachment; filename="account.json"'}
    response = HttpResponse(personal_data.as_json(user), content_type="application/json", headers=headers)
    mail.post(user.email, exported(), request, timezone.now())
    return response


@never_cache
@login_required
@recently_signed_in
@require_POST
def delete(request: HttpRequest) -> HttpResponse:
    """Erases the one who asks for good. 409 with what is in the way, 400 where the address is another's."""
    user, now = person(request), timezone.now()
    form = ConfirmForm(request.POST, user=user)
    if not form.is_valid():
        return show(request, user, form, status=400)
    try:
        with transaction.atomic():
            erasure.erase(user.pk, actor=Actor("user", str(user.pk)), now=now)
            # After the erasure, which forgets what waits for the address.
            mail.post(user.email, deleted(), request, now)
    except erasure.NotErased:
        return show(request, user, form, status=409)
    logout(request)
    return render(request, "account/deleted.html")


def show(request: HttpRequest, user: User, form: ConfirmForm, *, status: int = 200) -> HttpResponse:
    context = {"section": "account", "form": form, "obstacles": erasure.obstacles(user)}
    return render(request, "account/data.html", context, status=status)


def exported() -> Letter:
    return Letter(
        subject=_("A copy of your data was taken"),
        text=_("Somebody, you we hope, downloaded everything that we hold of you."),
        not_you=mail.change_your_password(),
    )


def deleted() -> Letter:
    return Letter(
        subject=_("Your account was deleted"),
        text=_("You can no longer sign in, and every application has lost its access. This can't be undone."),
        not_you=_("Write to us at once. We can't bring the account back, but we can find out what happened."),
    )
