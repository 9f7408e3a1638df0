"""/account/apps: the applications and partners that a person is linked with.

The page stands here, in the lowest app that sees all it shows (design.md).
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.models import User
from accounts.views.account import person
from oauth_provider import connected_apps as apps
from partnership import connections
from partnership.events import Actor


@never_cache
@login_required
@require_safe
def connected_apps(request: HttpRequest) -> HttpResponse:
    user = person(request)
    shown = {"apps": apps.list_for(user), "partners": connections.list_for(user)}
    return render(request, "partnership/connected_apps.html", shown)


@login_required
@require_POST
def cut(request: HttpRequest, partner_id: str) -> HttpResponse:
    user = person(request)
    connection = user.partner_connections.filter(partner=partner_id, cut_at__isnull=True).first()
    if connection is None:
        raise Http404
    connections.cut(connection, actor=actor(request, user), now=clock.now())
    messages.success(request, _("%(partner)s has no access any more.") % {"partner": connection.partner.name})
    return redirect("connected_apps")


@never_cache
@require_http_methods(["GET", "POST"])
def agree(request: HttpRequest, token: str) -> HttpResponse:
    """Out of the mail. The token proves the address, so no sign-in is asked for; looking changes nothing."""
    connection = connections.find_asked(token, clock.now())
    if connection is None:
        raise Http404
    if request.method == "POST":
        connections.agree(connection, actor=actor(request, connection.user), now=clock.now())
    shown = {"connection": connection, "is_agreed": request.method == "POST"}
    return render(request, "partnership/agree.html", shown)


def actor(request: HttpRequest, user: User) -> Actor:
    return Actor("user", str(user.pk), user.email, request.META["gatehouse.request_id"])
