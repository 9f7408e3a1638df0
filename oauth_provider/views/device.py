"""/device: a person types the code of a device, sees who asks for what, and answers.

GET never grants, also with the code in the address: only the POST of the confirmation page does,
by the person and in the session that it was shown to. Source: pages.md, "Device"; RFC 8628
sections 3.3 and 5.4.
"""

from urllib.parse import urlencode

from django import forms
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import clock, sign_ins
from accounts.guessing import count_try
from accounts.models import User
from oauth_provider import consent, letters, scopes, user_codes
from oauth_provider import device as devices
from oauth_provider.models import DeviceGrant
from oauth_provider.views.consent_page import grouped, initials


class UserCodeForm(forms.Form):
    user_code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=64,
        help_text=gettext_lazy("Eight letters. Capitals, spaces and hyphens make no difference."),
        widget=forms.TextInput(
            attrs={"class": "code", "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


@never_cache
@require_http_methods(["GET", "POST"])
def device(request: HttpRequest) -> HttpResponse:
    """The code comes typed in, or in the address of `verification_uri_complete`: each is a guess."""
    sent = request.POST if request.method == "POST" else request.GET
    user = request.user
    if not isinstance(user, User):
        return sign_in(request, sent.get("user_code", ""))
    request.session.pop("signing_in_to", None)
    form = UserCodeForm(sent if "user_code" in sent else None)
    if not form.is_valid():
        return enter(request, form)
    take_back = count_try(request, "device", str(user.pk))
    user_code = user_codes.read(form.cleaned_data["user_code"])
    shown = devices.show(user_code, user, session_key(request), clock.now())
    if shown is None:
        return refuse(request, form)
    take_back()
    return confirm(request, shown, user, user_code)


def sign_in(request: HttpRequest, typed: str) -> HttpResponse:
    """To the sign-in page, and from there back with the code, if it has the form of one."""
    user_code = user_codes.read(typed)
    request.session["signing_in_to"] = _("your device")
    back = f"{reverse('device')}?{urlencode({'user_code': user_code})}" if user_code else reverse("device")
    return redirect(f"{reverse('account_login')}?{urlencode({'next': back})}")


def enter(request: HttpRequest, form: UserCodeForm) -> HttpResponse:
    return render(request, "oauth/device_enter.html", {"form": form})


def refuse(request: HttpRequest, form: UserCodeForm) -> HttpResponse:
    """One message for unknown, expired and used, so that a guess learns nothing."""
    form.add_error("user_code", _("This code is unknown, has expired or was used. Ask your device for a new one."))
    return enter(request, form)


def confirm(request: HttpRequest, shown: DeviceGrant, user: User, user_code: str) -> HttpResponse:
    context = {
        "device": shown,
        "user_code": user_code,
        "email": user.email,
        "initials": initials(shown.application.name),
        "groups": grouped(scopes.expand(shown.scope), is_trusted=shown.application.trusted_with_keys),
        "may_write_projects": "projects:write" in scopes.expand(shown.scope),
    }
    return render(request, "oauth/device_confirm.html", context)


@never_cache
@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """The confirmation page's form: the answer counts for what was shown, whatever else the form says."""
    user, now = request.user, clock.now()
    if not isinstance(user, User):
        return sign_in(request, "")
    shown = devices.find_shown(request.POST.get("handle", ""), user, session_key(request), now)
    is_allowed = request.POST.get("answer") == "allow"
    if shown is None or not (allow(request, shown, user) if is_allowed else devices.deny(shown, now)):
        form = UserCodeForm({"user_code": ""})
        form.errors.clear()
        return refuse(request, form)
    return render(request, "oauth/device_done.html", {"is_allowed": is_allowed, "device": shown})


@transaction.atomic  # the letter is left with the answer or not at all
def allow(request: HttpRequest, shown: DeviceGrant, user: User) -> bool:
    now = clock.now()
    before = consent.remembered(shown.application, user)
    is_allowed = devices.approve(shown, user, sign_in=sign_ins.of(request), now=now)
    if is_allowed:
        letters.tell_of_consent(user, shown.application, shown.scope, before=before, request=request, now=now)
    return is_allowed


@require_POST
def use_another_account(request: HttpRequest) -> HttpResponse:
    """Signs the person out and asks again; the code is kept."""
    logout(request)
    return sign_in(request, request.POST.get("user_code", ""))


def session_key(request: HttpRequest) -> str:
    return request.session.session_key or ""
