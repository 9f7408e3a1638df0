"""Operations: their deadline and error; retry and cancel."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnership import lifecycle, operations
from partnership.admin import bulk
from partnership.admin.pages import RowAdmin, as_lines, environment_badge, link, staff_actor
from partnership.models import Operation

Status = Operation.Status


class OperationAdmin(RowAdmin):
    acts = {"retry": "retry", "cancel": "cancel"}
    list_display = (
        "type",
        "status",
        "environment_shown",
        "project_link",
        "attempts",
        "error_code",
        "created_at",
        "deadline_at",
    )
    list_filter = ("status", "type", "project__environment")
    search_fields = ("id", "project__id", "project__name", "error_code")
    search_help_text = gettext_lazy("Operation, project or error")
    ordering = ("-created_at",)
    actions = bulk.OPERATIONS
    fields = (
        "id",
        "type",
        "status",
        "environment_shown",
        "project_link",
        "asked_by",
        "asked_for",
        "attempts",
        "error_code",
        "error_message",
        "is_retryable",
        "created_at",
        "started_at",
        "deadline_at",
        "finished_at",
        "cancel_requested_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("project")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "project__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def offered(self, row: Operation) -> list[tuple[str, Any]]:
        if row.is_open:
            return [("cancel", _("Cancel"))]
        return [("retry", _("Try again"))] if row.status in (Status.FAILED, Status.CANCELED) else []

    def retry(self, request: HttpRequest, operation: Operation) -> str:
        again = lifecycle.retry(operation, actor=staff_actor(request), now=timezone.now())
        return _("Operation %(id)s tries again.") % {"id": again.pk}

    def cancel(self, request: HttpRequest, operation: Operation) -> str:
        operation = operations.cancel(operation, actor=staff_actor(request), now=timezone.now())
        if operation.is_open:
            return _("It is asked to end, and ends at its next step.")
        return _("Canceled.")

    @admin.display(description=gettext_lazy("environment"), ordering="project__environment")
    def environment_shown(self, row: Operation) -> str:
        return environment_badge(row.project.environment)

    @admin.display(description=gettext_lazy("project"), ordering="project__name")
    def project_link(self, operation: Operation) -> str:
        return link("partnership_project_change", operation.project_id, operation.project.name)

    @admin.display(description=gettext_lazy("asked by"))
    def asked_by(self, operation: Operation) -> str:
        actor = operation.actor
        said = f"{actor.get('kind', '')} {actor.get('name', '')}"
        return f"{said} ({actor['request_id']})" if actor.get("request_id") else said

    @admin.display(description=gettext_lazy("asked for"))
    def asked_for(self, operation: Operation) -> str:
        return as_lines(operation.parameters)
