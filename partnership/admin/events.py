"""The audit log: who did what when, with the request."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from partnership.admin.pages import RowAdmin, as_lines
from partnership.models import Event


class EventAdmin(RowAdmin):
    list_display = (
        "occurred_at",
        "type",
        "environment_shown",
        "partner",
        "project",
        "actor_kind",
        "actor_name",
        "request_id",
    )
    list_filter = ("environment", "actor_kind", "type", ("partner", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("partner", "project")
    search_fields = ("request_id", "project__id", "partner__id", "actor_name")
    search_help_text = _("Request id, project, partner or person")
    ordering = ("-id",)
    fields = (
        "uuid",
        "type",
        "occurred_at",
        "environment_shown",
        "partner",
        "project",
        "actor_kind",
        "actor_id",
        "actor_name",
        "request_id",
        "told",
    )
    readonly_fields = fields

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "project__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description=_("data"))
    def told(self, event: Event) -> str:
        return as_lines(event.data)
