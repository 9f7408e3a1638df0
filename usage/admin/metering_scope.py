"""Staff choose what a machine client meters. What was metered has no page: it is never edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditlog.registry import auditlog
from django import forms
from django.contrib import admin
from django.db.models import ManyToManyField
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from usage.models import MeteringScope, SelfCheck

if TYPE_CHECKING:
    ScopeForm = forms.ModelForm[MeteringScope]
    ScopeAdmin = admin.ModelAdmin[MeteringScope]
    CheckAdmin = admin.ModelAdmin[SelfCheck]
else:  # Django's own classes take no parameter
    ScopeForm = forms.ModelForm
    ScopeAdmin = CheckAdmin = admin.ModelAdmin

# Old and new value, who and when: as for clients (docs/decisions/0033).
auditlog.register(MeteringScope, m2m_fields={"partners"})


class MeteringScopeForm(ScopeForm):
    def clean(self) -> dict[str, Any]:
        """All projects or some partners': a form that says both, or neither, is unclear."""
        super().clean()  # asks for the check that the client has no row yet: without it, adding another changes it
        if "partners" in self.cleaned_data and bool(self.cleaned_data["partners"]) == bool(
            self.cleaned_data.get("all_projects")
        ):
            raise forms.ValidationError(_("Tick all projects, or choose at least one partner."))
        return self.cleaned_data


class MeteringScopeAdmin(ScopeAdmin):
    form = MeteringScopeForm
    fields = ("application", "environment", "all_projects", "partners")
    list_display = ("client", "environment", "metered")
    list_filter = ("environment",)
    list_select_related = ("application",)
    search_fields = ("application__name", "application__client_id")
    ordering = ("application__name",)
    formfield_overrides = {ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}
    view_on_site = False

    def get_readonly_fields(self, request: HttpRequest, obj: MeteringScope | None = None) -> tuple[str, ...]:
        return ("application",) if obj else ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    @admin.display(description=gettext_lazy("client"), ordering="application__name")
    def client(self, scope: MeteringScope) -> str:
        return scope.application.name

    @admin.display(description=gettext_lazy("meters"))
    def metered(self, scope: MeteringScope) -> str:
        if scope.all_projects:
            return _("all projects")
        return ", ".join(scope.partners.order_by("name").values_list("name", flat=True)) or _("nothing")


@admin.register(SelfCheck)
class SelfCheckAdmin(CheckAdmin):
    """What the nightly checks found; `manage.py rebuild_usage` mends it."""

    fields = ("started_at", "finished_at", "days", "differences", "broken_statements", "lines")
    readonly_fields = ("lines",)
    list_display = ("started_at", "finished_at", "days", "differences", "broken_statements")
    ordering = ("-started_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SelfCheck | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SelfCheck | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("found"))
    def lines(self, check: SelfCheck) -> str:
        return "\n".join(check.found) or _("nothing")
