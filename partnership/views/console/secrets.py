"""The partner's secrets: seen without their text, rotated, ended. Whoever does it has just proved who they are."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.views.security import recently_signed_in
from oauth_provider.client_secrets import DEFAULT_OVERLAP, OVERLAPS, SecretRefused
from partnership import partners
from partnership.first_call import first_call
from partnership.models import PartnerSecret
from partnership.views.console.door import Visit, act, page
from partnership.views.console.frame import show

SECRETS = "console_secrets"


@page("secrets:write")
def secret_list(request: HttpRequest, visit: Visit) -> HttpResponse:
    live = partners.live(visit.partner, visit.now)
    rows = visit.partner.secrets.filter(environment=visit.environment).order_by("-created_at", "-pk")
    here = [secret for secret in live if secret.environment == visit.environment]
    return show(
        request,
        visit,
        "secrets",
        SECRETS,
        rows=[{"secret": row, "is_live": row in here, "is_last": here == [row]} for row in rows],
        live=live,
        now=visit.now,
        overlaps=[(value, label, value == DEFAULT_OVERLAP) for value, (_time, label) in OVERLAPS.items()],
    )


# A secret that leaked can't wait for the end of a maintenance.
@act("secrets:write", also_in_maintenance=True)
@recently_signed_in
def rotate(request: HttpRequest, visit: Visit, secret_id: int) -> HttpResponse:
    """The answer shows the new secret, once. Not a redirect: the secret would have to wait somewhere.

    Sent again by a reload, the form is known to be an old one, and nothing is done.
    """
    old = get_secret(visit, secret_id)
    overlap, _label = OVERLAPS.get(request.POST.get("overlap", ""), (None, None))
    if overlap is None:
        messages.error(request, _("Choose when the old secret ends."))
        return back(visit)
    try:
        secret = partners.rotate(old, overlap=overlap, seen=seen_ids(request), actor=visit.actor, now=visit.now)
    except SecretRefused as refused:
        messages.error(request, refused.message)
        return back(visit)
    call, go_on = first_call(visit.partner, secret), visit.url(SECRETS)
    return show(request, visit, "secret_once", SECRETS, secret=secret, call=call, go_on=go_on)


@act("secrets:write", also_in_maintenance=True)
@recently_signed_in
def end(request: HttpRequest, visit: Visit, secret_id: int) -> HttpResponse:
    if partners.end(get_secret(visit, secret_id), actor=visit.actor, now=visit.now):
        messages.success(request, _("The secret has ended."))
    else:
        messages.warning(request, _("The secret had ended before."))
    return back(visit)


def get_secret(visit: Visit, secret_id: int) -> PartnerSecret:
    secret = visit.partner.secrets.filter(pk=secret_id, environment=visit.environment).first()
    if secret is None:
        raise Http404
    return secret


def seen_ids(request: HttpRequest) -> list[int]:
    """The live secrets that the form was made of."""
    return sorted({int(text) for text in request.POST.getlist("seen") if text.isdecimal() and len(text) < 19})


def back(visit: Visit) -> HttpResponse:
    return redirect(visit.url(SECRETS))
