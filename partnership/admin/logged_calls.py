"""The request log of all partners: where staff find a failed call by the id that a partner names."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from partnership.admin.pages import FewCounted, RowAdmin
from partnership.models import LoggedCall


class LoggedCallAdmin(RowAdmin):
    list_display = (
        "answered_at",
        "partner",
        "environment_shown",
        "method",
        "path",
        "status",
        "error_code",
        "request_id",
        "milliseconds",
    )
    # By all partners: to list only those with calls, each of millions of rows would be looked at.
    list_filter = ("environment", "partner")
    list_select_related = ("partner",)
    search_fields = ("request_id",)
    search_help_text = _("Request id, whole")
    ordering = ("-answered_at", "-id")
    paginator = FewCounted
    show_full_result_count = False
    fields = readonly_fields = list_display

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LoggedCall], search_term: str
    ) -> tuple[QuerySet[LoggedCall], bool]:
        """By the whole id, which an index finds: a part of one would be looked for in every row."""
        return (queryset.filter(request_id=search_term.strip()) if search_term else queryset), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> Any:
        return lookup == "partner__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]
