"""A partner's own people, who come into its console: staff invite the first owner, and mend what went wrong."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import mail
from accounts.models import User
from partnership import letters, members
from partnership.admin.pages import staff_actor
from partnership.admin.partner_pages import PartnerPages
from partnership.members import Hand
from partnership.models import Partner, PartnerRole
from partnership.views.console.members import InvitationForm


class PartnerPeople(PartnerPages):
    def get_urls(self) -> list[URLPattern]:
        acts: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "invite": ("<str:pk>/people/invite/", self.invite_view),
            "withdraw": ("<str:pk>/people/invitations/<int:invitation_id>/withdraw/", self.withdraw_view),
            "remove_member": ("<str:pk>/people/<int:member_id>/remove/", self.remove_member_view),
            "change_role": ("<str:pk>/people/<int:member_id>/role/", self.change_role_view),
        }
        people = path(
            "<str:pk>/people/", self.admin_site.admin_view(self.people_view), name="partnership_partner_people"
        )
        return [
            people,
            *(
                path(route, self.admin_site.admin_view(require_POST(view)), name=f"partnership_partner_{name}")
                for name, (route, view) in acts.items()
            ),
            *super().get_urls(),
        ]

    def people_view(self, request: HttpRequest, pk: str, form: InvitationForm | None = None) -> HttpResponse:
        partner = self.get_partner(request, pk, may="view")
        return self.show(
            request,
            "people",
            partner,
            tab="people",
            members=members.listed(partner),
            roles=PartnerRole.choices,
            invitations=partner.invitations.filter(accepted_at=None, expires_at__gt=timezone.now()).order_by("email"),
            form=form or InvitationForm(initial={"role": PartnerRole.OWNER}),
        )

    def invite_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        partner = self.get_partner(request, pk)
        form, now = InvitationForm(request.POST), timezone.now()
        if not form.is_valid():
            return self.people_view(request, pk, form)
        email = form.cleaned_data["email"]
        with transaction.atomic():
            token = members.invite(partner, email, form.cleaned_data["role"], by=hand(request), now=now)
            # Without the request: where our staff sit is nothing for partners.
            mail.post(email, letters.invited(partner, settings.BRAND_NAME, token), None, now)
        messages.success(request, _("An invitation was sent to %(email)s.") % {"email": email})
        return back(partner)

    def withdraw_view(self, request: HttpRequest, pk: str, invitation_id: int) -> HttpResponse:
        partner = self.get_partner(request, pk)
        members.withdraw(partner, invitation_id, by=hand(request))
        messages.success(request, _("The invitation is not valid any more."))
        return back(partner)

    def remove_member_view(self, request: HttpRequest, pk: str, member_id: int) -> HttpResponse:
        partner = self.get_partner(request, pk)
        members.remove(partner, member_id, by=hand(request), now=timezone.now())
        messages.success(request, _("The member was removed."))
        return back(partner)

    def change_role_view(self, request: HttpRequest, pk: str, member_id: int) -> HttpResponse:
        partner, role = self.get_partner(request, pk), request.POST.get("role", "")
        members.change_role(partner, member_id, role, by=hand(request), now=timezone.now())
        messages.success(request, _("The role was changed."))
        return back(partner)


def hand(request: HttpRequest) -> Hand:
    assert isinstance(request.user, User)
    return Hand(request.user, staff_actor(request), is_staff=True)


def back(partner: Partner) -> HttpResponse:
    return redirect("admin:partnership_partner_people", partner.pk)
