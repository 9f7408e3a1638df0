"""Regions and where they are made, instance types, versions: rows that an operator changes."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.encryption import encrypt
from partnership import catalog
from partnership.admin.pages import BaseAdmin
from partnership.models import Provisioner, RegionAlias


class RegionAliasInline(admin.StackedInline):  # type: ignore[type-arg]
    model = RegionAlias
    extra = 1


class CatalogForm(forms.ModelForm):  # type: ignore[type-arg]
    """The default moves by ticking the new one: at no time is there none, or two."""

    def clean_is_default(self) -> bool:
        wanted = bool(self.cleaned_data["is_default"])
        if not wanted and self.instance.pk and self.instance.is_default:
            raise forms.ValidationError(_("Make another one the default: there is always one."))
        return wanted

    def clean(self) -> dict[str, Any]:
        super().clean()  # asks for the check that the name is free: without it, adding one that is there changes it
        if self.cleaned_data.get("is_default") and not self.cleaned_data.get("is_offered"):
            raise forms.ValidationError({"is_offered": _("The default has to be offered.")})
        return self.cleaned_data

    def _get_validation_exclusions(self) -> set[str]:
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]


class CatalogAdmin(BaseAdmin):
    """The name is a key that projects keep: it is chosen once. What a project uses is withdrawn, not deleted."""

    form = CatalogForm
    ordering = ("rank", "name")
    view_on_site = False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if obj.is_default:
            type(obj).objects.exclude(pk=obj.pk).filter(is_default=True).update(is_default=False)
        super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and obj is not None and not obj.projects.exists()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}


class RegionAdmin(CatalogAdmin):
    list_display = ("name", "title", "provisioner", "is_offered", "is_default", "rank")
    list_select_related = ("provisioner",)
    fields = ("name", "title", "provisioner", "is_offered", "is_default", "rank")
    inlines = (RegionAliasInline,)


class InstanceTypeAdmin(CatalogAdmin):
    list_display = ("name", "connection_limit", "is_offered", "is_default", "rank")
    fields = ("name", "connection_limit", "is_offered", "is_default", "rank")


class ServiceVersionAdmin(CatalogAdmin):
    list_display = ("name", "is_offered", "is_default", "rank")
    fields = ("name", "is_offered", "is_default", "rank")


class ProvisionerForm(forms.ModelForm):  # type: ignore[type-arg]
    settings = forms.CharField(
        label=gettext_lazy("Settings"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "lines", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "JSON. Kept encrypted and never shown again; empty: they stay as they are. With usage_path, such as "
            "/usage/v1/counters, the backends of its projects are asked there for their own counters."
        ),
    )

    class Meta:
        model = Provisioner
        fields = ("name", "kind")

    def clean_settings(self) -> dict[str, Any] | None:
        text = self.cleaned_data["settings"].strip()
        if not text:
            return None
        try:
            given = json.loads(text)
        except ValueError:
            raise forms.ValidationError(_("This is not JSON.")) from None
        if not isinstance(given, dict):
            raise forms.ValidationError(_("This must be a JSON object."))
        try:
            catalog.usage_path(given)
        except ValueError:
            raise forms.ValidationError(_("usage_path must be a path that begins with a slash.")) from None
        return given


class ProvisionerAdmin(BaseAdmin):
    form = ProvisionerForm
    list_display = ("name", "kind", "regions_shown")
    fields = ("name", "kind", "settings")
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provisioner]:
        return super().get_queryset(request).prefetch_related("regions")

    def get_readonly_fields(self, request: HttpRequest, obj: Provisioner | None = None) -> tuple[str, ...]:
        return ("kind",) if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["fields"] = ("name",) if obj else ("name", "kind")
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Provisioner, form: Any, change: bool) -> None:
        given = form.cleaned_data["settings"]
        if given is not None:
            obj.encrypted_settings = encrypt(json.dumps(given))
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Provisioner | None = None) -> bool:
        return super().has_delete_permission(request, obj) and obj is not None and not catalog.is_used(obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    @admin.display(description=gettext_lazy("regions"))
    def regions_shown(self, provisioner: Provisioner) -> str:
        return ", ".join(region.name for region in provisioner.regions.all()) or "–"
