"""/account/organizations: which there are, who belongs to them, invitations. Source: pages.md, "Account"."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import mail, organizations, rate_limit
from accounts.forms import InvitationForm, OrganizationForm, RoleForm
from accounts.mail import Letter
from accounts.models import Membership, Organization, Role
from accounts.views.account import person


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organization_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        organization = organizations.create(form.cleaned_data["name"], owner=user)
        return redirect("account_organization", organization.pk)
    context = {"section": "organizations", "memberships": organizations.of(user), "form": form}
    return render(request, "account/organizations.html", context)


@never_cache
@login_required
@require_safe
def organization(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    return show(request, membership(request, organization_id), InvitationForm())


@login_required
@require_POST
def invite(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    own = membership(request, organization_id)
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return show(request, own, form)
    rate_limit.use("invitation", str(person(request).pk), request).check()
    email, now = form.cleaned_data["email"], timezone.now()
    with transaction.atomic():
        token = organizations.invite(own.organization, email, form.cleaned_data["role"], by=person(request), now=now)
        mail.post(email, invitation_letter(own.organization, person(request).name, token), request, now)
    messages.success(request, _("An invitation was sent to %(email)s.") % {"email": email})
    return redirect("account_organization", organization_id)


@login_required
@require_POST
def withdraw(request: HttpRequest, organization_id: UUID, invitation_id: int) -> HttpResponse:
    organizations.withdraw(membership(request, organization_id).organization, invitation_id, by=person(request))
    messages.success(request, _("The invitation is not valid any more."))
    return redirect("account_organization", organization_id)


@login_required
@require_POST
def remove(request: HttpRequest, organization_id: UUID, membership_id: int) -> HttpResponse:
    """Removes a member; oneself: leaves."""
    own = membership(request, organization_id)
    organizations.remove(own.organization, membership_id, by=person(request))
    if own.pk == membership_id:
        messages.success(request, _("You have left %(name)s.") % {"name": own.organization.name})
        return redirect("account_organizations")
    messages.success(request, _("The member was removed."))
    return redirect("account_organization", organization_id)


@login_required
@require_POST
def change_role(request: HttpRequest, organization_id: UUID, membership_id: int) -> HttpResponse:
    own = membership(request, organization_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        role = form.cleaned_data["role"]
        organizations.change_role(own.organization, membership_id, role, by=person(request))
        messages.success(request, _("The role was changed."))
    return redirect("account_organization", organization_id)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link of the mail; only its button joins."""
    user, now = person(request), timezone.now()
    if request.method == "POST":
        joined = organizations.accept(token, user, now)
        return redirect("account_organization", joined.pk)
    found = organizations.get_invitation(token, user, now)
    return render(request, "account/invitation.html", {"section": "organizations", "invitation": found})


def membership(request: HttpRequest, organization_id: UUID) -> Membership:
    """The person's own; an organization of others is as absent as one that never was."""
    found = organizations.find_membership(person(request), organization_id)
    if found is None:
        raise Http404
    return found


def show(request: HttpRequest, own: Membership, form: InvitationForm) -> HttpResponse:
    is_owner = own.role == Role.OWNER
    members = list(own.organization.memberships.select_related("user").order_by("-role", "user__name"))
    owners = [member for member in members if member.role == Role.OWNER]
    context = {
        "section": "organizations",
        "organization": own.organization,
        "own": own,
        "is_owner": is_owner,
        "is_personal": own.organization.personal_of_id is not None,
        "only_owner": owners[0] if len(owners) == 1 else None,
        "members": members,
        "roles": Role.choices,
        "invitations": own.organization.invitations.filter(accepted_at=None).order_by("email") if is_owner else [],
        "form": form,
    }
    return render(request, "account/organization.html", context)


def invitation_letter(organization: Organization, inviter: str, token: str) -> Letter:
    return Letter(
        subject=_("Invitation to %(name)s") % {"name": organization.name},
        text=_("%(inviter)s invites you to the organization %(name)s. The link is good for 7 days.")
        % {"inviter": inviter, "name": organization.name},
        link=mail.page("account_invitation", token=token),
        link_text=_("See the invitation"),
        not_you=mail.ignore_it(),
    )
