"""Which partners a person belongs to, the invitation to one, and the people of a partner."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import mail, rate_limit
from accounts.views.account import person
from partnership import letters, members
from partnership.models import PartnerRole
from partnership.views.console.door import Visit, act, actor_of, page
from partnership.views.console.frame import show

MEMBERS = "console_members"


class InvitationForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=PartnerRole.choices,
        initial=PartnerRole.DEVELOPER,
        help_text=gettext_lazy(
            "Viewers look at projects, calls and usage. Developers also change projects and webhooks. "
            "Owners also rotate secrets and invite people."
        ),
    )


@never_cache
@login_required
@require_safe
def partner_list(request: HttpRequest) -> HttpResponse:
    """Who belongs to one partner alone is there at once."""
    mine = list(members.of(person(request)))
    if len(mine) == 1:
        return redirect("console", mine[0].partner_id, "live")
    return render(request, "partnership/console/partners.html", {"section": "partners", "memberships": mine})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link of the mail; only its button joins."""
    user, now = person(request), timezone.now()
    if request.method == "POST":
        actor = actor_of(user, request.META["gatehouse.request_id"])
        joined = members.accept(token, user, actor=actor, now=now)
        return redirect("console", joined.pk, "live")
    found = members.get_invitation(token, user, now)
    return render(request, "partnership/console/invitation.html", {"section": "partners", "invitation": found})


@page("projects:read")
def member_list(request: HttpRequest, visit: Visit) -> HttpResponse:
    return show_members(request, visit, InvitationForm())


@act("members:write")
def invite(request: HttpRequest, visit: Visit) -> HttpResponse:
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return show_members(request, visit, form)
    user = visit.member.user
    rate_limit.use("invitation", str(user.pk), request).check()
    email = form.cleaned_data["email"]
    with transaction.atomic():
        token = members.invite(visit.partner, email, form.cleaned_data["role"], by=visit.hand, now=visit.now)
        mail.post(email, letters.invited(visit.partner, user.name, token), request, visit.now)
    messages.success(request, _("An invitation was sent to %(email)s.") % {"email": email})
    return back(visit)


@act("members:write")
def withdraw(request: HttpRequest, visit: Visit, invitation_id: int) -> HttpResponse:
    members.withdraw(visit.partner, invitation_id, by=visit.hand)
    messages.success(request, _("The invitation is not valid any more."))
    return back(visit)


@act("projects:read")
def remove(request: HttpRequest, visit: Visit, member_id: int) -> HttpResponse:
    """Removes a member; oneself, whatever the role: leaves."""
    members.remove(visit.partner, member_id, by=visit.hand, now=visit.now)
    if member_id == visit.member.pk:
        messages.success(request, _("You have left %(name)s.") % {"name": visit.partner.name})
        return redirect("console_partners")
    messages.success(request, _("The member was removed."))
    return back(visit)


@act("members:write")
def change_role(request: HttpRequest, visit: Visit, member_id: int) -> HttpResponse:
    role = request.POST.get("role", "")
    members.change_role(visit.partner, member_id, role, by=visit.hand, now=visit.now)
    messages.success(request, _("The role was changed."))
    return back(visit)


def show_members(request: HttpRequest, visit: Visit, form: InvitationForm) -> HttpResponse:
    rows = members.listed(visit.partner)
    owners = [member for member in rows if member.role == PartnerRole.OWNER]
    return show(
        request,
        visit,
        "members",
        MEMBERS,
        members=rows,
        only_owner=owners[0] if len(owners) == 1 else None,
        may_change=visit.may("members:write"),
        roles=PartnerRole.choices,
        invitations=visit.partner.invitations.filter(accepted_at=None, expires_at__gt=visit.now).order_by("email"),
        form=form,
    )


def back(visit: Visit) -> HttpResponse:
    return redirect(visit.url(MEMBERS))
