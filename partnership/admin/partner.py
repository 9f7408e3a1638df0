"""Partners in the admin: list, add, change (pages.md, "Admin")."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.signing import BadSignature
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnership import partners
from partnership.admin import bulk
from partnership.admin.pages import staff_actor
from partnership.admin.partner_form import NewPartnerForm, PartnerForm, read_new_partner_id
from partnership.admin.partner_people import PartnerPeople
from partnership.models import Partner

REGISTERED = "gatehouse.registered"


class PartnerAdmin(PartnerPeople):
    class Media:
        css = {"all": ["admin-partners.css"]}

    form = PartnerForm
    change_form_template = "admin/partnership/partner_form.html"
    list_display = (
        "name",
        "id",
        "modes",
        "is_enabled",
        "is_in_maintenance",
        "live_projects",
        "requests_per_minute",
        "created_at",
    )
    list_filter = ("is_enabled", "is_in_maintenance", "is_co_branded", "is_white_label")
    search_fields = ("name", "id", "contact_email")
    search_help_text = gettext_lazy("Name, partner id or contact")
    ordering = ("name", "pk")
    list_per_page = 50
    actions = bulk.PARTNERS
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        counted = Q(projects__environment="live", projects__deleted_at__isnull=True)
        rows: QuerySet[Any] = super().get_queryset(request).annotate(live=Count("projects", filter=counted))
        return rows

    @admin.display(description=gettext_lazy("live projects"), ordering="live")
    def live_projects(self, partner: Any) -> int:
        count: int = partner.live
        return count

    @admin.display(description=gettext_lazy("modes"))
    def modes(self, partner: Partner) -> str:
        names = ((partner.is_co_branded, _("co-branded")), (partner.is_white_label, _("white-label")))
        return ", ".join(name for has, name in names if has)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **{"form": PartnerForm if obj else NewPartnerForm, **kwargs})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        who = (_("Who it is"), {"fields": ("name", "contact_email")})
        what = (_("What it may do"), {"fields": ("is_co_branded", "is_white_label", "requests_per_minute")})
        if obj:
            return [who, what, (_("State"), {"fields": ("is_enabled", "is_in_maintenance")})]
        first = ("secret_name", "environment", "scopes", "networks", "new_partner_id")
        return [who, what, (_("Its first secret"), {"fields": first})]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its projects, usage and audit log name it: it is switched off and not deleted."""
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        made_before = find_made_before(request)
        if made_before is not None:
            messages.warning(request, _("This form was sent before. Nobody can show the secret again."))
            return redirect("admin:partnership_partner_change", made_before)
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Partner, form: Any, change: bool) -> None:
        now, actor = timezone.now(), staff_actor(request)
        if change:
            partners.change(obj, actor=actor, now=now)
            return
        obj.pk = form.cleaned_data["new_partner_id"]
        request.META[REGISTERED] = partners.register(obj, form.wanted(), actor=actor, now=now)

    def response_add(self, request: HttpRequest, obj: Partner, post_url_continue: str | None = None) -> HttpResponse:
        """The one answer with the secret in it. Not a redirect: the secret would have to wait
        somewhere. Sent again by a reload, the form is known to have been used (`add_view`).
        """
        secret = request.META.pop(REGISTERED)
        title = _("%(name)s is registered") % {"name": obj.name}
        return self.show_secret(request, obj, secret, title=title, environment=request.POST.get("environment", "live"))

    def response_change(self, request: HttpRequest, obj: Partner) -> HttpResponse:
        messages.success(request, _("Saved."))
        return redirect("admin:partnership_partner_change", obj.pk)


def find_made_before(request: HttpRequest) -> str | None:
    """The partner that this very add form has made already."""
    try:
        partner_id = read_new_partner_id(request.POST.get("new_partner_id", ""))
    except BadSignature:
        return None
    return Partner.objects.filter(pk=partner_id).values_list("pk", flat=True).first()
