"""An end to what has access; /account/apps itself stands in partnership. Source: oauth.md, "What the user can do"."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.views.account import person
from oauth_provider import connected_apps as apps


@login_required
@require_POST
def revoke_one(request: HttpRequest, application_id: int) -> HttpResponse:
    name = apps.revoke(person(request), application_id, timezone.now())
    if name is None:
        raise Http404
    messages.success(request, _("%(app)s has no access any more.") % {"app": name})
    return redirect("connected_apps")


@login_required
@require_POST
def revoke_all(request: HttpRequest) -> HttpResponse:
    apps.revoke_all(person(request), timezone.now())
    messages.success(request, _("No application has access any more."))
    return redirect("connected_apps")
