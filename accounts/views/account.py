"""/account: name, e-mail address, language. Source: pages.md, "Account"."""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import check_for_language, get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import AddEmailForm, NameForm
from accounts.models import User


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return redirect("account")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = NameForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        # Alone: the rest of the row is as old as this request, and would undo a switch-off.
        user.save(update_fields=["name"])
        messages.success(request, _("Your name was changed."))
        return redirect("account")
    context = {
        "section": "account",
        "form": form,
        "email_form": AddEmailForm(user=user),
        "email": EmailAddress.objects.get_primary_email(user) or user.email,
        "languages": settings.LANGUAGES,
        "language": get_language(),
    }
    return render(request, "account/account.html", context)


@login_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Kept in a cookie: the sign-in page speaks it too."""
    code = request.POST.get("language", "")
    response = redirect("account")
    if code in dict(settings.LANGUAGES) and check_for_language(code):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=365 * 86_400,
            secure=settings.IS_HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


def person(request: HttpRequest) -> User:
    """Who is signed in. Raises Http404 for anybody else; `login_required` comes first."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user
